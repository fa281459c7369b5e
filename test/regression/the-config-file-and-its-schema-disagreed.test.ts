/**
 * Met: `{"retries": "5"}`, `{"json": "true"}` and `{"path_style": 1}` were accepted, although docs/doctor.md and `config --schema` refuse
 *   them; `"open_for": "0s"` or `"25d"`, `"endpoint_url": "x"`, `"push": "5"` and `"fleet": "http://h"` fitted the schema, and were
 *   status 78. The schema's patterns were no regular expressions for Python.
 * Cause: values of the file were read as texts, as those of the environment; the patterns of the schema were those of the first check.
 * Fix: a value of the file has the type that its schema has; the schema has what the later checks refuse, too.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { findAwsContext } from '../../src/cli/settings/aws-config.ts';
import { refuseUnusable } from '../../src/cli/base-command.ts';
import { configSchema } from '../../src/cli/settings/config-schema.ts';
import { resolveSettings } from '../../src/cli/settings/resolve-settings.ts';
import { BreakwaterError } from '../../src/errors.ts';

const isAllowed = new Ajv2020().compile(configSchema());

async function isAccepted(entries: Readonly<Record<string, unknown>>): Promise<boolean> {
  try {
    const settings = resolveSettings({ flags: {}, env: {}, home: '/nonexistent', file: { path: 'f', entries } });
    findAwsContext(settings, { env: {}, home: '/nonexistent' });
    await refuseUnusable(settings, {});
    return true;
  } catch (error) {
    if (error instanceof BreakwaterError && error.code === 'config') return false;
    throw error;
  }
}

it.each<[string, readonly unknown[], readonly unknown[]]>([
  ['retries', [0, 100, 5, 1e1], ['5', '05', 101, -1, 1.5, true, null, '']],
  ['json', [true, false], ['true', 1, 0, 'yes', null]],
  ['path_style', [true], [1, 'no']],
  ['open_for', ['1ms', '24d', '1h30m', '0.5s'], ['0', '0s', '0d0h', '25d', '24d1s', '24.5d', '1000d', 30, true]],
  ['wait', ['0', '0s', '90s'], [0, '25d']],
  ['retry_jitter', ['none', 'full'], ['half', 0]],
  ['region', ['eu-west-1'], [1, 'eu west']],
  ['profile', ['my role', 'é'], [5, 'a\nb', 'a\u0085']],
  ['textfile', ['/a b.prom'], ['a.txt', true]],
  [
    'endpoint_url',
    ['http://h', 'https://s3.example.com:9000/', 'http://[::1]:1/a@b'],
    ['x', 'ftp://h', 'http://u:p@h', 'http://h/?a', 'http://h#a', 'http://', 'http://:80', 'http://h\r', 5],
  ],
  ['push', ['http://127.0.0.1:9091/base'], ['5', 'http://u:p@h', 'http://h?x', 5]],
  [
    'fleet',
    ['redis://h', 'rediss://u:p@h:1/3'],
    ['http://h', 'h:6379', 'redis://h/name', 'redis://a,b', 'redis://h?x', 1],
  ],
])('%s', async (key, right, wrong) => {
  for (const value of [...right, ...wrong]) {
    const entries = { [key]: value };
    const expected = right.includes(value);
    expect([value, isAllowed(entries), await isAccepted(entries)]).toEqual([value, expected, expected]);
  }
});

it('says how a value is written', async () => {
  const resolve = (entries: object) =>
    resolveSettings({ flags: {}, env: {}, home: '/nonexistent', file: { path: 'f', entries: { ...entries } } });
  expect(() => resolve({ retries: '5' })).toThrow(/"5" is not accepted; expected .*, without quotes$/);
  expect(() => resolve({ log_format: 1 })).toThrow(/"1" is not accepted; expected .*, in double quotes$/);
});

it('has patterns without classes of Unicode', () => {
  expect(JSON.stringify(configSchema())).not.toMatch(/\\\\p\{/i);
});
