/**
 * Met: a service that had changed its user, with HOME still that of another one (0700), could run no command: status 78
 *   for a configuration file that may not even exist, and warnings of the framework for plugins below HOME.
 * Cause: EACCES of a directory above the file was taken for a file that may not be read; oclif looked for user plugins.
 * Fix: a file that cannot be seen counts as missing, and no plugins are looked for. A file that can be seen but not read
 *   is still status 78.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const UID = 65_534;
const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const canBecomeSomebodyElse =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', `require('fs').readFileSync(${JSON.stringify(BIN)})`], { uid: UID, gid: UID })
    .status === 0;
if (!canBecomeSomebodyElse) console.log('skipped: a home of another user needs root and a checkout others may read');

describe.skipIf(!canBecomeSomebodyElse)('a home directory of another user', () => {
  it.each([
    ['with the state in it', 'home/state', 1],
    ['with the state elsewhere', 'state', 0],
  ])('%s: put works, with at most one warning', async (_what, state, warnings) => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await chmod(program.directory, 0o755);
    await writeFile(program.path('file'), 'bytes', { mode: 0o644 });
    await mkdir(program.path('home'), { mode: 0o700 });
    await mkdir(program.path('state'));
    await chmod(program.path('state'), 0o777);
    const ended = await program.run(['put', 'file', 's3://bucket/key'], {
      uid: UID,
      env: { HOME: program.path('home'), BREAKWATER_STATE_DIR: program.path(state) },
    });
    expect(ended.status).toBe(0);
    expect(ended.stderr.split('\n').filter((line) => /^(?:warning|error|\()/.test(line))).toHaveLength(warnings);
  });

  it('with a configuration file that may not be read: refused', async () => {
    await using program = await Program.create();
    await chmod(program.directory, 0o755);
    await mkdir(program.path('.config', 'breakwater'), { recursive: true });
    await writeFile(program.path('.config', 'breakwater', 'config.json'), '{}', { mode: 0o600 });
    expect((await program.run(['breaker-status'], { uid: UID })).status).toBe(78);
  });
});
