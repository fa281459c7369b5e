/**
 * Met: with `--verbose --log-format json`, no line `operation_finished` was valid by docs/schema/log.json.
 * Cause: the type of `result` was taken out of a union of events, of which the generator makes objects without properties.
 * Fix: the type is written out (src/documents/log-lines.ts), and no schema may hold such an object.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const SCHEMAS = new URL('../../docs/schema/', import.meta.url);

it('fits, when the operation succeeds and when it fails', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  await writeFile(program.path('file'), 'x');
  const log = ['--verbose', '--log-format', 'json'];
  // Each line is validated by the support.
  const lines = [
    await program.run(['put', ...log, 'file', 's3://bucket/key']),
    await program.run(['get', ...log, 's3://bucket/other', 'copy']),
  ].flatMap(({ stderr }) =>
    stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
  const results = lines.filter(({ event }) => event === 'operation_finished').map(({ result }) => result);
  expect(results).toEqual(['success', 'error']);
});

it.each(readdirSync(SCHEMAS).filter((name) => name.endsWith('.json')))(
  '%s has no object without properties',
  (name) => {
    expect(readFileSync(new URL(name, SCHEMAS), 'utf8').replaceAll(/\s/g, '')).not.toContain(
      '{"type":"object","properties":{}}',
    );
  },
);
