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
  '@aws-sdk/client-s3': ['s3'],
  '@smithy/types': ['s3', 'http'],
  '@smithy/core/config': ['s3', 'http'],
  undici: ['http', 'metrics'],
  'undici/types/dispatcher': ['http', 'metrics'],
  'p-retry': ['retry'],
  ink: ['ui'],
  react: ['ui'],
  'react/jsx-runtime': ['ui'],
  'prom-client': ['metrics'],
  'node:sqlite': ['state'],
  iovalkey: ['fleet'],
  'iovalkey/built/Redis.js': ['fleet'],
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
  breaker: ['circuit', 'documents', 'metrics', 'state', 'ui'],
  circuit: [],
  cli: [
    'breaker',
    'circuit',
    'documents',
    'fleet',
    'guard',
    'metrics',
    'retry',
    's3',
    'sandbox',
    'state',
    'sweep',
    'transfer',
    'ui',
  ],
  commands: ['breaker', 'circuit', 'cli', 'documents', 'metrics', 'sandbox', 'sweep', 'transfer', 'ui'],
  documents: ['circuit', 'cli', 'metrics', 's3', 'sandbox', 'state', 'sweep'],
  fleet: ['circuit', 'state'],
  guard: ['circuit', 'http', 'retry'],
  http: ['retry'],
  metrics: ['circuit', 'documents', 'state'],
  retry: ['circuit'],
  s3: ['guard', 'http', 'retry'],
  sandbox: [],
  state: ['circuit'],
  sweep: ['documents', 's3'],
  transfer: ['guard', 's3'],
  ui: ['circuit', 'documents'],
};
/** The same inside s3/, of its folders. */
const S3_NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  checksum: ['protocol'],
  connection: ['protocol'],
  delete: ['checksum', 'connection', 'list', 'protocol'],
  download: ['checksum', 'connection', 'protocol'],
  list: ['connection', 'protocol'],
  protocol: [],
  upload: ['checksum', 'connection', 'list', 'protocol'],
};
const FOLDERS = Object.keys(NEIGHBOURS);

interface Planted {
  readonly path: string;
  readonly source: string;
}

interface Found {
  readonly code: string;
  readonly message: string;
  /** Where a rule of ours says why. */
  readonly help?: string;
  readonly filename: string;
}

/** Lints a tree of the same shape with these files in it, once, by the project's own rules. */
function lint(planted: readonly Planted[]): readonly Found[] {
  for (const { path, source } of planted) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), source);
  }
  const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
  const { stdout } = spawnSync(oxlint, ['--deny-warnings', '--format', 'json', 'src'], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  rmSync(join(directory, 'src'), { recursive: true });
  return (JSON.parse(stdout) as { diagnostics: readonly Found[] }).diagnostics;
}

/** Plants all of them, lints the tree once, and says which are named, in the order of planting. */
function findBreaches(planted: readonly (Planted & { readonly what: string })[]): readonly string[] {
  const found = lint(planted).filter(({ code }) => code.includes('no-restricted'));
  const named = new Set(found.map(({ filename }) => filename));
  return planted.flatMap(({ path, what }) => (named.has(path) ? [what] : []));
}

/** A file of its own for each breach of a list, in the folder that it is a breach of. */
function plant(breaches: readonly Breach[]): readonly (Breach & { readonly path: string })[] {
  return breaches.map((breach, index) => ({ ...breach, path: `src/${breach.folder}/breach-${index}.ts` }));
}

interface Breach {
  readonly what: string;
  readonly folder: string;
  readonly source: string;
  readonly says: RegExp;
}

const BREACHES = plant([
  ...(
    [
      ['circuit', "import '../cli/output.ts';", /circuit\/ is pure/],
      ['circuit', "import 'node:fs';", /circuit\/ is pure/],
      ['circuit', 'export const now = (): number => Date.now();', /time comes from the Clock/],
      ['retry', "import '../guard/guard.ts';", /retry\/ decides and loops/],
      ['transfer', "import '@aws-sdk/client-s3';", /belongs to s3\//],
      ['transfer', "import '../state/state.ts';", /never the SDK or the state file/],
      ['sweep', "import '../circuit/circuit.ts';", /sweep\/ has no circuit/],
      ['cli', "import '../commands/put.ts';", /composition root/],
      ['commands', "import 'prom-client';", /belongs to metrics\//],
      ['metrics', "import 'node:sqlite';", /belongs to state\//],
      ['ui', "import '../state/state.ts';", /draws snapshots/],
      ['sandbox', "import '../guard/guard.ts';", /stands alone/],
      ['files', "import '../state/state.ts';", /files\/ is for every folder/],
      ['s3', 'export const cwd = (): string => process.cwd();', /process belongs to cli/],
      ['s3', 'export const wrong: any = 1;', /no-explicit-any/],
      [
        's3',
        'export async function f(): Promise<void> { await g(); g(); }\nasync function g(): Promise<void> { await Promise.resolve(); }',
        /no-floating-promises/,
      ],
    ] as const
  ).map(([folder, source, says]) => ({ what: `in ${folder}: ${source}`, folder, source: `${source}\n`, says })),
  ...(
    [
      ['a file of 251 lines', '// One more line.\n'.repeat(250), /max-lines/],
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
    ] as const
  ).map(([what, source, says]) => ({ what, folder: 's3', source: `${source}export const x = 1;\n`, says })),
]);

/** What the rules let pass. */
const ALLOWED: readonly Planted[] = [
  {
    path: 'src/s3/long.ts',
    source: `${'// One more line.\n'.repeat(249)}export const x = 1;\n`,
  },
  { path: 'src/s3/sdk.ts', source: "export { S3Client } from '@aws-sdk/client-s3';\n" },
];

describe('the lint rules', () => {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'breakwater-lint-'));
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json'])
      cpSync(join(ROOT, name), join(directory, name));
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('catch each planted breach, in its own words, and let pass what is allowed', () => {
    const cycle = [
      { path: 'src/s3/x.ts', source: "export * from './y.ts';\nexport const x = 1;\n" },
      { path: 'src/s3/y.ts', source: "export * from './x.ts';\nexport const y = 1;\n" },
    ];
    const found = lint([...BREACHES, ...cycle, ...ALLOWED]);
    const saidOf = (path: string): string =>
      found
        .filter(({ filename }) => filename === path)
        .map(({ code, message, help = '' }) => `${code}: ${message} ${help}`)
        .join('\n');
    for (const { what, path, says } of BREACHES) expect(saidOf(path), what).toMatch(says);
    expect(saidOf('src/s3/x.ts')).toMatch(/no-cycle/);
    for (const { path } of ALLOWED) expect([path, saidOf(path)]).toEqual([path, '']);
  });

  it('end with another status than 0 for a breach, and with 0 for none', () => {
    const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
    const statusOf = (source: string): number | null => {
      mkdirSync(join(directory, 'src/s3'), { recursive: true });
      writeFileSync(join(directory, 'src/s3/x.ts'), source);
      return spawnSync(oxlint, ['--deny-warnings', 'src'], { cwd: directory }).status;
    };
    expect(statusOf('export const right = 1;\n')).toBe(0);
    expect(statusOf('export const wrong: any = 1;\n')).not.toBe(0);
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

  it('let a folder import what it may use, and nothing that uses it, at every depth', () => {
    const planted = FOLDERS.flatMap((folder) =>
      FOLDERS.filter((other) => other !== folder).flatMap((other) =>
        [
          { path: `src/${folder}/neighbour-${other}.ts`, source: `import '../${other}/x.ts';\n` },
          { path: `src/${folder}/deep/neighbour-${other}.ts`, source: `import '../../${other}/deep/x.ts';\n` },
        ].map((file) => ({
          ...file,
          what: `${other} in ${file.path}`,
          isBreach: NEIGHBOURS[folder]?.includes(other) !== true,
        })),
      ),
    );
    expect(findBreaches(planted)).toEqual(planted.filter(({ isBreach }) => isBreach).map(({ what }) => what));
  });

  it('make no exception for a file', () => {
    // Each of these once had one.
    const planted = [
      ...['change-circuits', 'inspect-circuits', 'select-circuits', 'watch/reader', 'watch/watch'].flatMap((name) => [
        { path: `src/breaker/${name}.ts`, source: `import '${name.includes('/') ? '../../' : '../'}cli/x.ts';\n` },
        { path: `src/breaker/${name}-process.ts`, source: 'export const id = (): number => process.pid;\n' },
      ]),
      { path: 'src/sweep/run-sweep.ts', source: "import '../cli/x.ts';\n" },
      { path: 'src/sweep/time-limit.ts', source: "import '../cli/x.ts';\n" },
      { path: 'src/state/stored-work.ts', source: "import '../cli/x.ts';\n" },
      { path: 'src/commands/sweep.ts', source: "import '../state/x.ts';\n" },
      { path: 'src/commands/put.ts', source: "import '../s3/checksum/x.ts';\n" },
      { path: 'src/ui/terminal.tsx', source: "import '../breaker/watch/x.ts';\n" },
      { path: 'src/ui/progress/show-progress.ts', source: "import '../../cli/output/x.ts';\n" },
    ].map((file) => ({ ...file, what: file.path }));
    expect(findBreaches(planted)).toEqual(planted.map(({ what }) => what));
  });

  it('let a folder of s3/ import what it may use of the others, and never the store', () => {
    const folders = Object.keys(S3_NEIGHBOURS);
    const planted = folders.flatMap((folder) => [
      ...folders
        .filter((other) => other !== folder)
        .map((other) => ({
          path: `src/s3/${folder}/neighbour-${other}.ts`,
          source: `import '../${other}/x.ts';\n`,
          what: `${other} in ${folder}`,
          isBreach: S3_NEIGHBOURS[folder]?.includes(other) !== true,
        })),
      ...["'../object-store.ts'", "'../../cli/output/output.ts'", "'undici'"].map((name, index) => ({
        path: `src/s3/${folder}/above-${index}.ts`,
        source: `import ${name};\n`,
        what: `${name} in ${folder}`,
        isBreach: true,
      })),
      {
        path: `src/s3/${folder}/guard.ts`,
        source: "import '../../guard/guard.ts';\nimport '@aws-sdk/client-s3';\n",
        what: `guard/ and the SDK in ${folder}`,
        isBreach: false,
      },
    ]);
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
});
