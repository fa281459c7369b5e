import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Outputs } from '../../src/documents/outputs.ts';

const SCHEMAS = new URL('../../docs/schema/', import.meta.url);

/** As `Date.toISOString` writes it. */
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The name of a schema: its file without `.json`. */
export type SchemaName = keyof Outputs;

const validators = new Map<string, ValidateFunction>();

/**
 * Compiles a schema of `docs/schema/` in ajv's strict mode, so that it refuses fields that it does not describe. For
 * others such fields are allowed, because fields are only ever added.
 */
export function compileOutputSchema(name: SchemaName): ValidateFunction {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const schema = JSON.parse(readFileSync(new URL(`${name}.json`, SCHEMAS), 'utf8'), (_, value: unknown) =>
    closeObject(value),
  ) as object;
  const ajv = new Ajv2020({ strict: true, allErrors: true, formats: { 'date-time': UTC } });
  const validate = ajv.compile(schema);
  validators.set(name, validate);
  return validate;
}

function closeObject(value: unknown): unknown {
  const isObject =
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'object' && 'properties' in value;
  return isObject ? { additionalProperties: false, ...value } : value;
}

/** @throws if the value is not what its schema says, or has a field that it does not name */
export function assertOutput(name: SchemaName, value: unknown): void {
  const validate = compileOutputSchema(name);
  if (validate(value)) return;
  const errors = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `  ${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  throw new Error(`not as docs/schema/${name}.json says: ${JSON.stringify(value)}\n${errors.join('\n')}`);
}

/** The one document of a command. @throws also for a second one, or for more than one line */
export function assertDocument(text: string): void {
  const value = parseLine(text);
  const command = typeof value === 'object' && value !== null && 'command' in value ? value.command : undefined;
  if (command !== null && typeof command !== 'string') throw new Error(`names no command: ${text}`);
  assertOutput((command ?? 'no-command') as SchemaName, value);
}

export interface ToCheck {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it ended by itself. What was killed may have written less. */
  readonly hasEnded: boolean;
}

/** Checks whatever a run of the program has written as JSON. @throws if its schema does not describe it */
export function assertOutputs(run: ToCheck): void {
  const { args, env, stdout, stderr, hasEnded } = run;
  const end = args.indexOf('--');
  const words = end === -1 ? args : args.slice(0, end);
  const isHelp = words.some((word) => ['--help', '-h', '--version'].includes(word));
  if (words.includes('--json') && !isHelp) {
    const lines = completeLines(stdout, hasEnded);
    const isWatch = words.some((word) => ['--watch', '-w'].includes(word));
    const events = isWatch ? lines.filter((line) => line.startsWith('{"event":')) : [];
    for (const line of events) assertOutput('breaker-status-watch', parseLine(line));
    const documents = lines.slice(events.length);
    if (documents.length > 1 || (hasEnded && !isWatch && documents.length === 0)) {
      throw new Error(`${documents.length} documents of ${args.join(' ')}: ${stdout}\n${stderr}`);
    }
    for (const line of documents) assertDocument(line);
  } else if (words[0] === 'metrics' && readFlag(words, '--format') === 'json' && stdout !== '') {
    assertOutput('metrics-format', parseLine(stdout));
  }
  if ((readFlag(words, '--log-format') ?? env['BREAKWATER_LOG_FORMAT']) === 'json') {
    for (const line of completeLines(stderr, hasEnded)) assertOutput('log', parseLine(line));
  }
  if (words[0] === 'sweep' && hasEnded) checkReport(run, readFlag(words, '--report'));
}

function checkReport({ cwd }: ToCheck, path: string | undefined): void {
  if (path === undefined || statSync(resolve(cwd, path), { throwIfNoEntry: false })?.isFile() !== true) return;
  const lines = completeLines(readFileSync(resolve(cwd, path), 'utf8'), true);
  for (const line of lines) assertOutput('sweep-report', parseLine(line));
}

function readFlag(words: readonly string[], name: string): string | undefined {
  const index = words.lastIndexOf(name);
  if (index !== -1) return words[index + 1];
  return words.findLast((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** @param hasEnded whether the last line must be complete, too */
function completeLines(text: string, hasEnded: boolean): readonly string[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return hasEnded && last !== '' ? [...lines, last] : lines;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw new Error(`no JSON: ${line}`, { cause });
  }
}
