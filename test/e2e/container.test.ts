/** A container as strict as they come: what a run must do without there. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { KILL_AFTER_MS, Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const UID = 54_321;
const FILES = 500;

/** In a mount namespace: everything is read-only but a tmpfs, where the script `$2` then runs. */
const CONTAINED = `mount --make-rprivate / && mount -t tmpfs none "$1" && cd "$1" &&
  mkdir tree state out && for i in $(seq ${FILES}); do echo "content $i" > "tree/$i"; done && chmod -R 777 . &&
  mount -o remount,bind,ro / && if touch /etc/breakwater 2>/dev/null; then exit 99; fi && eval "$2"`;

/** Node's own needs, then 24 descriptors and 256 MiB of address space more. */
const LIMITED = `set -e
  needs=$("$NODE" -e 'const fs = require("fs"); const status = fs.readFileSync("/proc/self/status", "utf8");
    console.log(/VmPeak:\\s+(\\d+)/.exec(status)[1], fs.readdirSync("/proc/self/fd").length)')
  ulimit -v $((\${needs% *} + 256 * 1024)); ulimit -n \${DESCRIPTORS:-$((\${needs#* } + 24))}
  as() { setpriv --reuid ${UID} --regid ${UID} --clear-groups "$NODE" "$BIN" "$@"; }
  as put -r tree s3://bucket/p/
  as get -r s3://bucket/p/ out
  as breaker-status --json
  diff -r tree out && echo equal`;

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Not `spawnSync`: the sandbox answers from this process. */
async function contain(directory: string, script: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const options = {
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C', NODE: process.execPath, BIN, ...env },
    timeout: KILL_AFTER_MS,
    killSignal: 'SIGKILL',
  } as const;
  return await new Promise((resolve) => {
    execFile('unshare', ['-m', 'sh', '-c', CONTAINED, 'sh', directory, script], options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

const canRead = `setpriv --reuid ${UID} --regid ${UID} --clear-groups "$NODE" -e "require('fs').readFileSync('$BIN')"`;

it.each([
  { limit: '24 file descriptors more than Node needs', env: {}, hasState: true },
  // The state file would need three of them.
  { limit: '24 file descriptors in all', env: { DESCRIPTORS: '24' }, hasState: false },
])('500 files there and back as a user without a name, on a read-only root, with $limit', async ({ env, hasState }) => {
  await using program = await Program.create();
  const place = program.path('place');
  await mkdir(place);
  await chmod(program.directory, 0o755);
  if ((await contain(place, canRead)).status !== 0) {
    console.log('skipped: the container test needs root, unshare, setpriv and a checkout that others may read');
    return;
  }
  await using sandbox = await startTestSandbox();
  const ended = await contain(place, LIMITED, { ...sandbox.env, ...env, BREAKWATER_STATE_DIR: `${place}/state` });
  const warnings = ended.stderr.split('\n').filter((line) => line !== '');
  expect(warnings.filter((line) => hasState || !line.includes('too few file descriptors'))).toEqual([]);
  expect(ended.stdout).toMatch(/sent 500 objects.*\n.*received 500 objects.*\n\{"ok":true/s);
  if (hasState) expect(ended.stdout).toContain('"problem":null');
  expect(ended.stdout).toMatch(/equal\n$/);
  expect(ended.status).toBe(0);
  // Nothing was written outside of the tmpfs, which is gone with its namespace.
  expect([await readdir(place), await readFile(BIN, 'utf8')]).toEqual([[], expect.stringContaining('execve')]);
});
