/**
 * Met: U+009B (CSI) and marks that turn the direction of text, in a key or a message of S3, reached the terminal raw in
 * `--json`, `--log-format json` and the NDJSON outputs.
 * Cause: JSON escapes C0 only, and these outputs relied on it.
 * Fix: every JSON that is shown goes through `toJsonText`, which escapes them, too; parsers read the same value.
 */
import { expect, it } from 'vitest';
import { formatLine } from '../../src/cli/output/event-log.ts';
import { toJsonText } from '../../src/json-text.ts';

const UNSAFE = '\u009b31m \u202e \u2066 \u2028 \u007f \u001b[31m';
// oxlint-disable-next-line no-control-regex -- what must not be there
const RAW = /[\u0000-\u001f\u007f-\u009f\u2028\u202a-\u202e\u2066-\u2069]/;

it('is safe to show, and means the same', () => {
  const value = { [UNSAFE]: [UNSAFE, 'ünïcode 漢 🙂'] };
  const text = toJsonText(value);
  expect(text).not.toMatch(RAW);
  expect(text).toContain('ünïcode 漢 🙂');
  expect(JSON.parse(text)).toEqual(value);
});

it('is safe in a log line, too', () => {
  const line = { level: 'warning', event: 'warning', text: UNSAFE, fields: { key: UNSAFE } } as const;
  const text = formatLine(line, { logFormat: 'json', stderrHasColour: false }, 0);
  expect(text).not.toMatch(RAW);
  expect(JSON.parse(text)).toMatchObject({ message: UNSAFE, key: UNSAFE });
});
