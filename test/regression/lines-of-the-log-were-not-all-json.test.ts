/**
 * Met: with `--log-format json`, `metrics --serve` wrote a line of text, lines of `progress` and of the sandbox had no
 * `message`, and names in the sandbox's lines could drive a terminal.
 * Cause: each of these lines was written by hand, beside the log.
 * Fix: every line has the type that docs/schema/log.json is made from, and is escaped as all JSON is.
 */
import { expect, it } from 'vitest';
import { requestLine } from '../../src/cli/output/sandbox-lines.ts';
import { assertOutput } from '../support/check-output.ts';
import { Program } from '../support/program.ts';

it('writes where metrics are served as JSON', async () => {
  await using program = await Program.create();
  const args = ['metrics', '--serve', '--listen', '127.0.0.1:0', '--log-format', 'json', '--json'];
  const { child, ended } = program.start(args);
  child.stderr?.once('data', () => child.kill('SIGTERM'));
  // Each line has been validated by then.
  const { stderr } = await ended;
  expect(JSON.parse(stderr.split('\n')[0] ?? '')).toMatchObject({
    event: 'metrics_served',
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+/) as string,
  });
});

it('escapes names in the lines of the sandbox', () => {
  const nothing = { code: null, fault: null, sdkAttempt: null, receivedBytes: 0, sentBytes: 0, atMs: 0 };
  const request = { method: 'GET', url: '/b/k', operation: 'GetObject', bucket: 'b', key: '\u009b2J', status: 200 };
  const line = requestLine({ ...nothing, ...request }, { logFormat: 'json', nowMs: 0 });
  expect(line).not.toContain('\u009b');
  expect(JSON.parse(line)).toMatchObject({ key: '\u009b2J' });
  assertOutput('log', JSON.parse(line));
});
