import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../../src/cli/settings/config-schema.ts';
import { resolveSettings } from '../../../../src/cli/settings/resolve-settings.ts';
import { SETTING_TABLE } from '../../../../src/cli/settings/setting-table.ts';

interface KeySchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

const { properties, allOf, additionalProperties } = configSchema() as {
  readonly properties: Readonly<Record<string, KeySchema>>;
  readonly allOf: readonly { readonly not: { readonly required: readonly string[] } }[];
  readonly additionalProperties: boolean;
};

const resolveFrom = (entries: Readonly<Record<string, unknown>>) =>
  resolveSettings({ flags: {}, env: {}, home: '/home/me', file: { path: '/config.json', entries } });

/** Values that a schema allows, at its edges. */
function valuesOf({ type, enum: words, pattern = '', minimum, maximum }: KeySchema): readonly unknown[] {
  if (words !== undefined) return words;
  if (type === 'boolean') return [true, false];
  if (type === 'integer') return [minimum, maximum];
  const samples = ['1ms', '24d', '1h30m', 'eu-west-1', 'a.prom', 'host', 'http://h:9000', 'redis://u:p@h:1/2'];
  return samples.filter((text) => new RegExp(pattern, 'u').test(text));
}

describe('configSchema', () => {
  it('has both spellings of every setting, not both in one file, and no other key but its own', () => {
    const flags = Object.values(SETTING_TABLE).map(({ flag }) => flag);
    const keys = flags.map((flag) => flag.replaceAll('-', '_'));
    expect(new Set(Object.keys(properties))).toEqual(new Set(['$schema', ...flags, ...keys]));
    expect(additionalProperties).toBe(false);
    expect(allOf.map(({ not }) => not.required)).toEqual(
      flags.flatMap((flag) => (flag.includes('-') ? [[flag.replaceAll('-', '_'), flag]] : [])),
    );
    expect(properties['open-for']).toEqual({ $ref: '#/properties/open_for' });
  });

  it('allows nothing that the program refuses', () => {
    const keys = Object.keys(properties).filter((key) => key !== '$schema' && properties[key]?.$ref === undefined);
    for (const key of keys) {
      const values = valuesOf(properties[key] ?? {});
      expect([key, values.length > 0]).toEqual([key, true]);
      for (const value of values) {
        expect(() => resolveFrom({ [key]: value })).not.toThrow();
        expect(() => resolveFrom({ [key.replaceAll('_', '-')]: value })).not.toThrow();
      }
    }
  });

  it('names the defaults that are in force', () => {
    expect(properties['open_for']?.default).toBe('1m');
    expect(properties['retries']).toMatchObject({ type: 'integer', minimum: 0, maximum: 100, default: 3 });
    expect(properties['retry_jitter']).toMatchObject({ enum: ['none', 'full'], default: 'none' });
  });

  it.each([
    ['open_for', '30', false],
    ['open_for', '', false],
    ['open_for', '1.5h', true],
    ['fleet_timeout', '500ms', true],
    ['fleet_timeout', '1.5s', true],
    ['fleet_timeout', '1m', false],
    ['fleet_timeout', '', false],
    ['open_for', '0', false],
    ['open_for', '0.0s', false],
    ['open_for', '24d', true],
    ['open_for', '24.00d', true],
    ['open_for', '24d1ms', false],
    ['open_for', '24.01d', false],
    ['open_for', '100d', false],
    ['open_for', '023d', true],
    ['open_for', '250ms', true],
    ['retry_base', '0', true],
    ['endpoint_url', 'https://[::1]:9000/a@b', true],
    ['region', 'eu west', false],
    ['textfile', 'a.txt', false],
  ])('has a pattern by which %s is not %j: %s', (key, value, isAllowed) => {
    expect(new RegExp(properties[key]?.pattern ?? '^never$', 'u').test(value)).toBe(isAllowed);
  });
});
