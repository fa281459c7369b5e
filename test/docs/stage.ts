import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINES } from '../support/redis-server.ts';
import type { Line } from './command-lines.ts';
import type { Play } from './plays.ts';
import { scriptOf, STAND_INS } from './stage-script.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INSIDE = fileURLToPath(new URL('inside-stage.ts', import.meta.url));

/** Processes, ports and mounts of its own, so that the ports and places that documents name are free, and nothing leaves it. */
const UNSHARE = [
  '--mount',
  '--net',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
];

/** Says in one line what is skipped where this user cannot make a stage. */
export function canStage(): boolean {
  try {
    execFileSync('unshare', [...UNSHARE, 'sh', '-c', 'ip link set lo up && mount --bind /tmp /var'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    console.log('skipped: the command lines of the documents need unshare with mounts and ip, which do not work here');
    return false;
  }
}

/** How one line has ended. */
export interface Outcome {
  readonly text: string;
  readonly status: number;
  /** What it said on standard error. */
  readonly complaint: string;
  /** What its proof has said; empty if it succeeded. */
  readonly unproven: string;
}

/** What the process in the stage is told. */
export interface StageOrder {
  readonly script: string;
  readonly storePort: number;
  /** The program that serves a fleet at port 6379; null for none. */
  readonly engine: string | null;
}

/** Runs lines in one bash of a fresh machine, as far as a reader's line can tell: home, /var, /etc, ports and processes. */
export async function runOnStage(lines: readonly (Line & { readonly play: Play })[]): Promise<readonly Outcome[]> {
  const root = await mkdtemp(join(tmpdir(), 'breakwater-docs-'));
  try {
    const plays = lines.map(({ play }) => play);
    furnish(root, plays);
    const storePort = plays.find((play) => play.storePort !== undefined)?.storePort ?? 9100;
    writeAws(root, storePort);
    const order: StageOrder = {
      script: scriptOf(lines),
      storePort,
      engine: plays.some(({ needsEngine }) => needsEngine) ? (ENGINES[0] ?? null) : null,
    };
    writeFileSync(join(root, 'order.json'), JSON.stringify(order));
    const said = await enter(root);
    return await Promise.all(
      lines.map(async ({ text }, index) => {
        const read = async (name: string): Promise<string> =>
          await readFile(join(root, 'out', `${index}.${name}`), 'utf8').catch(() => '');
        const status = await read('status');
        if (status === '') throw new Error(`${text} did not end: ${await read('err')}${said}`);
        return { text, status: Number(status), complaint: await read('err'), unproven: await read('unproven') };
      }),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function furnish(root: string, plays: readonly Play[]): void {
  for (const folder of [
    'out',
    'bin',
    'stand-ins',
    'home/.aws',
    'work/photos/2024',
    'work/dist',
    'units/usr/lib/systemd/system',
  ]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const folder of [
    'backups',
    'log',
    'tmp',
    'lib/node_exporter',
    'lib/breakwater',
    'lib/prometheus/node-exporter',
  ]) {
    mkdirSync(join(root, 'var', folder), { recursive: true });
  }
  const bytes = Buffer.alloc(10_240, 'breakwater ');
  for (const file of [
    'work/db.tar',
    'work/build.tar',
    'work/backup.tar',
    'var/backups/db.tar',
    'work/photos/2024/a.jpg',
  ]) {
    writeFileSync(join(root, file), bytes);
  }
  if (plays.some(({ isInClone }) => isInClone)) {
    rmdirSync(join(root, 'work/dist'));
    for (const name of ['package.json', 'oclif.manifest.json', 'bin', 'dist', 'node_modules', 'README.md']) {
      symlinkSync(join(ROOT, name), join(root, 'work', name));
    }
  } else writeFileSync(join(root, 'work/dist/index.html'), 'hello');
  for (const unit of globSync('packaging/systemd/*', { cwd: ROOT })) {
    copyFileSync(join(ROOT, unit), join(root, 'units/usr/lib/systemd/system', unit.replace(/.*\//, '')));
  }
  const program = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin/run.js')}' "$@"\n`;
  writeFileSync(join(root, 'bin/breakwater'), program, { mode: 0o755 });
  for (const [name, body] of Object.entries(STAND_INS)) {
    writeFileSync(join(root, 'stand-ins', name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }
}

function writeAws(root: string, storePort: number): void {
  const profile = [
    'region = us-east-1',
    `endpoint_url = http://127.0.0.1:${storePort}`,
    'aws_access_key_id = sandbox',
    'aws_secret_access_key = sandbox-secret',
    '',
  ].join('\n');
  writeFileSync(join(root, 'home/.aws/config'), `[default]\n${profile}[profile backup]\n${profile}`);
}

/** The directories of the machine are replaced by those of the stage; what was in /usr/local/bin stays reachable. */
const ENTER = `set -e
ip link set lo up
mkdir "$ROOT/before"
mount --bind /usr/local/bin "$ROOT/before"
for path in "$ROOT"/before/*; do
  if [ -L "$path" ]; then cp -P "$path" "$ROOT/bin/"; else ln -s "$path" "$ROOT/bin/"; fi
done 2>/dev/null || true
cp -a /etc "$ROOT/etc" 2>/dev/null || true
echo '127.0.0.1 localhost redis.internal fleet.internal pushgateway' > "$ROOT/etc/hosts"
mount --bind "$ROOT/bin" /usr/local/bin
mount --bind "$ROOT/var" /var
mount --bind "$ROOT/etc" /etc
exec "$NODE" "$INSIDE" "$ROOT"
`;

/** @returns what it said, if anything. */
async function enter(root: string): Promise<string> {
  const child = spawn('unshare', [...UNSHARE, 'bash', '-c', ENTER], {
    cwd: join(root, 'work'),
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, ROOT: root, NODE: process.execPath, INSIDE },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return said;
}
