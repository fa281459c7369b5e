import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let directory = '';

/** The folders that a dependency belongs to; elsewhere it is a breach. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-s3': ['client'],
  '@smithy/types': ['client'],
  '@smithy/core/config': ['client'],
  undici: ['client', 'metrics'],
  'undici/types/dispatcher': ['client', 'metrics'],
  'p-retry': ['retry'],
  ink: ['ui'],
  react: ['ui'],
  'react/jsx-runtime': ['ui'],
  'prom-client': ['metrics'],
  'node:sqlite': ['state'],
  '@oclif/core': ['cli', 'commands'],
  '@oclif/core/flags': ['cli', 'commands'],
};
const GLOBALS: Readonly<Record<string, readonly string[]>> = {
  'process.exitCode': ['cli', 'commands'],
  'performance.now()': ['cli', 'commands'],
  'setTimeout(String, 1)': ['cli', 'commands'],
  'setInterval(String, 1)': ['cli', 'commands'],
  'Date.now()': [],
  'new Date()': [],
};
/** What each folder may import of the others: nothing reaches back. */
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  circuit: [],
  cli: ['circuit', 'client', 'metrics', 'retry', 'sandbox', 'state', 'sweep', 'transfer', 'ui'],
  client: ['circuit', 'retry'],
  commands: ['circuit', 'cli', 'metrics', 'sandbox', 'sweep', 'transfer', 'ui'],
  metrics: ['circuit', 'state'],
  retry: ['circuit'],
  sandbox: [],
  state: ['circuit'],
  sweep: ['client', 'retry'],
  transfer: ['circuit', 'client', 'retry'],
  ui: ['circuit'],
};
const FOLDERS = Object.keys(NEIGHBOURS);

/** A tree of the same shape with one file in it, linted by the project's own rules. */
function lint(path: string, source: string): { status: number | null; output: string } {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, source);
  const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
  const { status, stdout, stderr } = spawnSync(oxlint, ['--deny-warnings', path], { cwd: directory, encoding: 'utf8' });
  rmSync(file);
  return { status, output: `${stdout}${stderr}` };
}

/** Plants all of them, lints the tree once, and says which are named, in the order of planting. */
function findBreaches(
  planted: readonly { readonly path: string; readonly source: string; readonly what: string }[],
): readonly string[] {
  for (const { path, source } of planted) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), source);
  }
  const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
  const { stdout } = spawnSync(oxlint, ['--format', 'json', 'src'], { cwd: directory, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly { code: string; filename: string }[] };
  const named = new Set(
    diagnostics.filter(({ code }) => code.includes('no-restricted')).map(({ filename }) => filename),
  );
  rmSync(join(directory, 'src'), { recursive: true });
  return planted.flatMap(({ path, what }) => (named.has(path) ? [what] : []));
}

describe('the lint rules', () => {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'breakwater-lint-'));
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
      cpSync(join(ROOT, name), join(directory, name));
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each([
    ['src/circuit/x.ts', "import '../cli/output.ts';", /circuit\/ is pure/],
    ['src/circuit/x.ts', "import 'node:fs';", /circuit\/ is pure/],
    ['src/circuit/x.ts', 'export const now = (): number => Date.now();', /time comes from the Clock/],
    ['src/retry/x.ts', "import '../client/guard.ts';", /retry\/ decides and loops/],
    ['src/transfer/x.ts', "import '@aws-sdk/client-s3';", /belongs to client\//],
    ['src/transfer/x.ts', "import '../state/state.ts';", /never the SDK or the state file/],
    ['src/sweep/x.ts', "import '../circuit/circuit.ts';", /sweep\/ has no circuit/],
    ['src/cli/x.ts', "import '../commands/put.ts';", /composition root/],
    ['src/commands/x.ts', "import 'prom-client';", /belongs to metrics\//],
    ['src/metrics/x.ts', "import 'node:sqlite';", /belongs to state\//],
    ['src/ui/x.ts', "import '../state/state.ts';", /draws snapshots/],
    ['src/sandbox/x.ts', "import '../client/guard.ts';", /stands alone/],
    ['src/client/x.ts', 'export const cwd = (): string => process.cwd();', /process belongs to cli/],
    ['src/client/x.ts', 'export const wrong: any = 1;', /no-explicit-any/],
    [
      'src/client/x.ts',
      'export async function f(): Promise<void> { await g(); g(); }\nasync function g(): Promise<void> { await Promise.resolve(); }',
      /no-floating-promises/,
    ],
  ])('catch a breach planted in %s: %s', (path, source, says) => {
    const { status, output } = lint(path, `${source}\n`);
    expect(output).toMatch(says);
    expect(status).not.toBe(0);
  });

  it('keep every dependency in its own folders, and let it pass there', () => {
    const planted = FOLDERS.flatMap((folder) =>
      Object.entries(PACKAGES).map(([name, owners], index) => ({
        path: `src/${folder}/dependency-${index}.ts`,
        source: `export * from '${name}';\n`,
        what: `${name} in ${folder}`,
        isBreach: !owners.includes(folder),
      })),
    );
    expect(findBreaches(planted)).toEqual(planted.filter(({ isBreach }) => isBreach).map(({ what }) => what));
  });

  it('let a folder import what it may use, and nothing that uses it', () => {
    const planted = FOLDERS.flatMap((folder) =>
      FOLDERS.filter((other) => other !== folder).map((other) => ({
        path: `src/${folder}/neighbour-${other}.ts`,
        source: `import '../${other}/x.ts';\n`,
        what: `${other} in ${folder}`,
        isBreach: NEIGHBOURS[folder]?.includes(other) !== true,
      })),
    );
    expect(findBreaches(planted)).toEqual(planted.filter(({ isBreach }) => isBreach).map(({ what }) => what));
  });

  it('let the words of the program import those of the circuit alone', () => {
    const planted = FOLDERS.map((other) => ({
      path: `src/${other}-word.ts`,
      source: `import './${other}/x.ts';\n`,
      what: other,
    }));
    expect(findBreaches(planted)).toEqual(FOLDERS.filter((other) => other !== 'circuit'));
  });

  it('keep time and process out of every folder that must not read them', () => {
    const planted = FOLDERS.flatMap((folder) =>
      Object.entries(GLOBALS).map(([expression, owners], index) => ({
        path: `src/${folder}/global-${index}.ts`,
        source: `export const read = (): unknown => ${expression};\n`,
        what: `${expression} in ${folder}`,
        isBreach: !owners.includes(folder),
      })),
    );
    expect(findBreaches(planted)).toEqual(planted.filter(({ isBreach }) => isBreach).map(({ what }) => what));
  });

  it.each([
    ['a file of 251 lines', '// One more line.\n'.repeat(250), /max-lines/],
    ['a cycle of two files', "export * from './y.ts';\n", /no-cycle/],
    [
      'a promise that nobody waits for',
      'export function f(): void { void 0; Promise.resolve(1); }\n',
      /no-floating-promises/,
    ],
    ['a non-null assertion', 'export const f = (text?: string): string => text!;\n', /no-non-null-assertion/],
    ['a console', "export const f = (): void => console.log('x');\n", /no-console/],
    ['a loose comparison', 'export const f = (a: unknown, b: unknown): boolean => a == b;\n', /eqeqeq/],
    [
      'a switch with a case missing',
      "export function f(side: 'a' | 'b'): void { switch (side) { case 'a': break; } }\n",
      /switch-exhaustiveness-check/,
    ],
    ['a parameter that is written to', 'export const f = (a: number): number => (a = 1);\n', /no-param-reassign/],
  ])('catch %s', (_what, source, says) => {
    const other = join(directory, 'src/client/y.ts');
    mkdirSync(dirname(other), { recursive: true });
    writeFileSync(other, "export * from './x.ts';\nexport const y = 1;\n");
    const { status, output } = lint('src/client/x.ts', `${source}export const x = 1;\n`);
    rmSync(other);
    expect(output).toMatch(says);
    expect(status).not.toBe(0);
  });

  it('let pass a file of 250 lines', () => {
    const source = `${'// One more line.\n'.repeat(249)}export const x = 1;\n`;
    expect(lint('src/client/x.ts', source)).toMatchObject({ status: 0 });
  });

  it('let pass what is allowed', () => {
    expect(lint('src/client/x.ts', "export { S3Client } from '@aws-sdk/client-s3';\n")).toMatchObject({ status: 0 });
  });
});
