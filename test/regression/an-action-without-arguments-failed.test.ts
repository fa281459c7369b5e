/**
 * Met: the composite action with `arguments` of blank lines ended with "words[0]: unbound variable" and no outputs; with
 *   `--version` alone, jq printed two parse errors.
 * Cause: only empty text counted as no arguments, and whatever a command prints was taken for a document.
 * Fix: blank lines are no arguments, so breakwater is only installed; what is no document has no code.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const ACTION = fileURLToPath(new URL('../../packaging/examples/github/action.yml', import.meta.url));
const { runs } = parse(readFileSync(ACTION, 'utf8')) as {
  readonly runs: { readonly steps: readonly { name: string; run: string }[] };
};
const script = runs.steps.find(({ name }) => name === 'run')?.run ?? '';

const place = mkdtempSync(join(tmpdir(), 'breakwater-action-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
writeFileSync(join(place, 'breakwater'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
chmodSync(join(place, 'breakwater'), 0o755);

function runStep(text: string) {
  const output = join(place, 'output');
  writeFileSync(output, '');
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    encoding: 'utf8',
    env: {
      PATH: `${place}:${process.env['PATH'] ?? ''}`,
      HOME: place,
      RUNNER_TEMP: place,
      GITHUB_OUTPUT: output,
      ARGUMENTS: text,
    },
  });
  return { status, printed: `${stdout}${stderr}`, outputs: readFileSync(output, 'utf8') };
}

it.each(['\n', '  \n\t\n', '\r\n'])('runs nothing for %j', (text) => {
  expect(runStep(text)).toEqual({ status: 0, printed: '', outputs: '' });
});

const hasJq = spawnSync('jq', ['--version']).status === 0;
if (!hasJq) console.log('skipped: the action needs jq, which is not installed here');

it.skipIf(!hasJq).each([
  ['--version\n', 0, ''],
  ['\nput\r\nnowhere\r\ns3://bucket/key\r\n', 66, 'not_found'],
])('gives the outputs of %j', (text, status, code) => {
  const ended = runStep(text);
  expect(ended.status).toBe(status);
  expect(ended.outputs).toContain(`status=${status}\ncode=${code}\nretry-after-ms=\n`);
  expect(ended.printed).not.toMatch(/parse error|unbound/);
});
