import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MODULE = new URL('../../../src/cli/nohup.ts', import.meta.url).href;
const ASK = `import(${JSON.stringify(MODULE)}).then((nohup) => process.exit(nohup.isStartedByNohup(process.argv[1]) ? 1 : 0))`;

it.each([
  ['darwin', 'nohup.out', 1],
  ['darwin', 'log', 0],
  ['linux', 'nohup.out', 1],
  ['linux', 'log', 0],
])('on %s, with %s as standard output: %i', (platform, name, status) => {
  const cwd = mkdtempSync(join(tmpdir(), 'nohup-test-'));
  const output = openSync(join(cwd, name), 'a');
  const { status: found } = spawnSync(process.execPath, ['-e', ASK, platform], {
    cwd,
    stdio: ['ignore', output, 'pipe'],
    env: { ...process.env, HOME: cwd },
  });
  closeSync(output);
  expect(found).toBe(status);
});
