import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { findShortPort } from './play-guide.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const PUT = ['put', 'db.tar', 's3://backups/'] as const;

/** The terminal's, and the picture's. */
export const PICTURE_COLUMNS = 100;

/** What stands in the picture for what differs from run to run. */
const WRITTEN = { startMs: Date.UTC(2026, 0, 15, 3, 0, 0), pid: '4242', requestId: '5D1E8A0C93B7F264' } as const;

export interface Scene {
  readonly command: string;
  readonly status: number | null;
  readonly durationMs: number;
  /** Requests that the sandbox got. */
  readonly requests: number;
  /** On both streams, with the escapes for colours. */
  readonly printed: readonly string[];
}

interface OutageOptions {
  /** The first wait between attempts of the put that is shown; the picture has that of the program, a test has no time. @default 1s */
  readonly retryBase?: string;
}

/**
 * An outage, played by the real program on a terminal: after four failures that are not shown, a put fails and opens the circuit,
 * the next one is refused, and `breaker-status` shows why.
 */
export async function playOutage({ retryBase = '1s' }: OutageOptions = {}): Promise<readonly Scene[]> {
  const home = await mkdtemp(join(tmpdir(), 'breakwater-picture-'));
  const sandbox = await startSandbox({ port: await findShortPort() });
  try {
    sandbox.createBucket('backups');
    await writeFile(join(home, 'db.tar'), 'x'.repeat(1000));
    sandbox.addFault('PutObject:503:ServiceUnavailable');
    for (let count = 1; count <= 4; count += 1) await runOnTerminal(PUT, { home, sandbox, retryBase: '1ms' });
    sandbox.clearFaults();
    sandbox.addFault('PutObject:503:SlowDown:times=1');
    sandbox.addFault('PutObject:503:ServiceUnavailable');
    const scenes: Scene[] = [];
    for (const args of [PUT, PUT, ['breaker-status']]) {
      scenes.push(await runOnTerminal(args, { home, sandbox, retryBase }));
    }
    return scenes;
  } finally {
    await sandbox.close();
    await rm(home, { recursive: true, force: true });
  }
}

interface Stage extends Required<OutageOptions> {
  readonly home: string;
  readonly sandbox: Sandbox;
}

async function runOnTerminal(args: readonly string[], { home, sandbox, retryBase }: Stage): Promise<Scene> {
  sandbox.clearRequests();
  const startedAtMs = performance.now();
  const command = `stty columns ${PICTURE_COLUMNS}; exec '${process.execPath}' '${BIN}' ${args.join(' ')}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: home,
    env: {
      HOME: home,
      PATH: process.env['PATH'] ?? '',
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      // Lines that stay, instead of a progress line that is drawn over.
      CI: 'true',
      BREAKWATER_RETRY_BASE: retryBase,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_REGION: sandbox.region,
      AWS_ACCESS_KEY_ID: sandbox.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.secretAccessKey,
      AWS_ENDPOINT_URL_S3: sandbox.endpoint,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    command: `breakwater ${args.join(' ')}`,
    status,
    durationMs: performance.now() - startedAtMs,
    requests: sandbox.requests().length,
    printed: output.trimEnd().split('\r\n'),
  };
}

/** The scenes with one port, host, pid and id, and with times as if the story had begun at a set one. */
export function normaliseScenes(scenes: readonly Scene[], startedAtMs: number): readonly Scene[] {
  const shiftMs = WRITTEN.startMs - Math.floor(startedAtMs / 1000) * 1000;
  const shift = (time: string): string => new Date(Date.parse(time) + shiftMs).toISOString();
  const today = new Date(startedAtMs).toISOString().slice(0, 11);
  const normalise = (line: string): string =>
    line
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:9000')
      .replaceAll(new RegExp(`\\b${hostname()}\\b`, 'g'), 'host')
      .replaceAll(/\bpid \d+/g, `pid ${WRITTEN.pid}`)
      .replaceAll(/\b[0-9A-F]{16}\b/g, WRITTEN.requestId)
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, shift)
      .replaceAll(/\b(\d\d:\d\d:\d\d) UTC/g, (_, clock: string) => `${shift(`${today}${clock}Z`).slice(11, 19)} UTC`);
  return scenes.map((scene) => ({ ...scene, printed: scene.printed.map(normalise) }));
}
