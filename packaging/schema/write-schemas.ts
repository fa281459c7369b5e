/**
 * Writes `docs/schema/` from the types in `src/documents/`, the one source: `npm run schema`. `npm run check:schema`
 * fails where that changes a file.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGenerator, type Schema } from 'ts-json-schema-generator';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DIRECTORY = `${ROOT}docs/schema/`;
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const { definitions = {} } = createGenerator({
  path: `${ROOT}src/documents/outputs.ts`,
  tsconfig: `${ROOT}packaging/schema/tsconfig.json`,
  type: 'Outputs',
  expose: 'export',
  jsDoc: 'extended',
  topRef: true,
  skipTypeCheck: true,
  sortProps: false,
  // Fields are only ever added, so a reader must accept those that it does not know.
  additionalProperties: true,
  encodeRefs: false,
}).createSchema('Outputs');

const outputs = definitions['Outputs'];
if (typeof outputs !== 'object') throw new Error('src/documents/outputs.ts exports no Outputs');

rmSync(DIRECTORY, { recursive: true, force: true });
mkdirSync(DIRECTORY);
for (const [name, property] of Object.entries(outputs.properties ?? {})) {
  if (typeof property !== 'object') throw new Error(`Outputs.${name} has no type`);
  const file = `${name}.json`;
  writeFileSync(`${DIRECTORY}${file}`, `${JSON.stringify(toDocument(file, property), null, 2)}\n`);
}

/** A schema of its own, with the definitions that it refers to. The name of its file is its id, relative to itself. */
function toDocument(file: string, schema: Schema): object {
  const used = new Map<string, Schema>();
  const collect = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) {
      const definition = definitions[name];
      if (used.has(name) || typeof definition !== 'object') continue;
      used.set(name, definition);
      collect(JSON.stringify(definition));
    }
  };
  collect(JSON.stringify(schema));
  const $defs = Object.fromEntries([...used].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  // The generator writes draft 7, which differs from 2020-12 in no other word that our types lead to.
  const text = JSON.stringify({ $schema: DIALECT, $id: file, ...schema, $defs });
  return JSON.parse(text.replaceAll('"#/definitions/', '"#/$defs/'), (_, value: unknown) =>
    splitTypes(value),
  ) as object;
}

/** `type` with several types besides null, as `anyOf`: strict validators want one. */
function splitTypes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || !Array.isArray(value.type)) return value;
  if (value.type.length === 2 && value.type.includes('null')) return value;
  const { type, ...rest } = value;
  return { ...rest, anyOf: type.map((one: unknown) => ({ type: one })) };
}
