import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { failureDocument } from '../../../src/cli/output/json-document.ts';
import { BreakwaterError } from '../../../src/errors.ts';
import { assertDocument, assertOutput, assertOutputs, type SchemaName } from '../../support/check-output.ts';

const ROOT = new URL('../../../', import.meta.url);
const SCHEMAS = readdirSync(new URL('docs/schema/', ROOT)).map((file) => file.replace(/\.json$/, '') as SchemaName);
const DOCS = readFileSync(new URL('docs/json.md', ROOT), 'utf8');

function readSchema(name: SchemaName): object {
  return JSON.parse(readFileSync(new URL(`docs/schema/${name}.json`, ROOT), 'utf8')) as object;
}

/** The names of all fields, and all words that a field can be. */
function namesIn(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  const words = 'enum' in schema ? (schema.enum as readonly string[]) : 'const' in schema ? [String(schema.const)] : [];
  return [...own, ...words, ...Object.values(schema).flatMap(namesIn)];
}

const RESULT = { bucket: 'b', key: 'k', source: 'f', bytes: 1, resumed_bytes: 0, etag: null, version_id: null };
const DOCUMENT = { ok: true, command: 'put', ...RESULT, checksum: 'crc32' };
const FAILURE = failureDocument(null, new BreakwaterError('usage', 'no such command'));

describe('the schemas of the output', () => {
  it.each(SCHEMAS)('%s.json is valid in strict mode, names itself and allows unknown fields', (name) => {
    const schema = readSchema(name);
    const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true } });
    expect(ajv.validateSchema(schema)).toBe(true);
    expect(() => ajv.compile(schema)).not.toThrow();
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `${name}.json`,
      description: expect.stringMatching(/\.$/) as string,
    });
    expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
  });

  it('accept a document with a field of a later version', () => {
    const validate = new Ajv2020({ formats: { 'date-time': true } }).compile(readSchema('put'));
    expect(validate({ ...DOCUMENT, later: 1 })).toBe(true);
    expect(validate({ ...DOCUMENT, bytes: -1 })).toBe(false);
  });

  it('are explained field by field in docs/json.md', () => {
    const explained = new Set([...DOCS.matchAll(/`(?:error\.)?([a-z0-9_]+)`/g)].map(([, word]) => word));
    const fields = SCHEMAS.flatMap((name) => fieldsIn(readSchema(name)));
    expect(fields.length).toBeGreaterThan(300);
    expect([...new Set(fields)].filter((field) => !explained.has(field))).toEqual([]);
  });

  it('have every field that a table of docs/json.md names', () => {
    const known = new Set(SCHEMAS.flatMap((name) => namesIn(readSchema(name))));
    const named = DOCS.split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(?:error\.)?([a-z0-9_]+)`/g)])
      .map(([, field = '']) => field);
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter((field) => !known.has(field))).toEqual([]);
  });
});

function fieldsIn(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(fieldsIn)];
}

describe('the check of every run in a test', () => {
  const run = { args: ['put', '--json'], env: {}, cwd: '/', stderr: '', hasEnded: true };
  const line = `${JSON.stringify(DOCUMENT)}\n`;

  it('passes what is described', () => {
    expect(() => assertDocument(line)).not.toThrow();
    expect(() => assertDocument(JSON.stringify(FAILURE))).not.toThrow();
    expect(() => assertOutputs({ ...run, stdout: line })).not.toThrow();
    expect(() => assertOutputs({ ...run, stdout: '', hasEnded: false })).not.toThrow();
  });

  it.each([
    ['a field that is not described', { ...DOCUMENT, extra: 1 }],
    ['a number that is null', { ...DOCUMENT, bytes: null }],
    ['a missing field', { ok: true, command: 'put', ...RESULT }],
    ['another word', { ...DOCUMENT, checksum: 'crc16' }],
    ['a failure without its error', { ok: false, command: 'put' }],
  ])('refuses %s', (_what, document) => {
    expect(() => assertDocument(JSON.stringify(document))).toThrow(/docs\/schema\/put\.json/);
  });

  it('refuses a time that is not in UTC', () => {
    const at = (text: string) => ({ event: 'state_file', at: text, state_file: { path: '/', condition: 'ready' } });
    expect(() => assertOutput('breaker-status-watch', at('2026-11-28T18:43:52.419Z'))).not.toThrow();
    expect(() => assertOutput('breaker-status-watch', at('2026-11-28T18:43:52.419+01:00'))).toThrow(/date-time/);
  });

  it.each([
    ['no document', ''],
    ['two documents', line + line],
    ['text beside it', `hello\n${line}`],
  ])('refuses %s', (_what, stdout) => {
    expect(() => assertOutputs({ ...run, stdout })).toThrow();
  });

  it('refuses a line of the log that is not JSON, or not described', () => {
    const args = ['put', '--log-format', 'json'];
    expect(() => assertOutputs({ ...run, args, stdout: '', stderr: 'served at http://x\n' })).toThrow(/no JSON/);
    expect(() => assertOutputs({ ...run, args, stdout: '', stderr: '{"event":"other"}\n' })).toThrow(/log\.json/);
  });
});
