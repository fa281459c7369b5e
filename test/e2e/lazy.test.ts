import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const HOOK = fileURLToPath(new URL('../support/module-list.ts', import.meta.url));
const TERMINAL = fileURLToPath(new URL('../../dist/ui/terminal.mjs', import.meta.url));

/** What is told by a word that only this library has: the build puts libraries into files whose names say little. */
const LIBRARIES = {
  sdk: 'AmazonS3',
  undici: 'llhttp',
  'hash-wasm': 'Hash_SetMemorySize',
  'prom-client': 'setToCurrentTime',
  ink: 'react-reconciler',
  iovalkey: 'autoResendUnfulfilledCommands',
};

const recorded = (path: string): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${HOOK}`,
  BREAKWATER_TEST_MODULE_LIST: path,
});

function readList(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

/** The libraries that are in what was loaded. */
function findLibraries(list: readonly string[]): readonly string[] {
  const texts = list.filter((url) => url.includes('/dist/')).map((url) => readFileSync(fileURLToPath(url), 'utf8'));
  return Object.entries(LIBRARIES)
    .filter(([, word]) => texts.some((text) => text.includes(word)))
    .map(([name]) => name);
}

/** What a command that is refused, or shows circuits, may load: two files of ours, and of Node what is quick to load. */
const REFUSAL_BYTES_MAX = 372_000;
const QUICK = new Set(['fs', 'module', 'path', 'process', 'sqlite', 'timers', 'v8', 'vm']);

function describeList(list: readonly string[]) {
  const files = list.filter((url) => url.includes('/dist/')).map((url) => fileURLToPath(url));
  const builtins = list.filter((url) => url.startsWith('node:')).map((url) => url.slice('node:'.length));
  return {
    files: files.map((path) => path.slice(path.indexOf('/dist/') + '/dist/'.length)),
    bytes: files.reduce((sum, path) => sum + statSync(path).size, 0),
    slow: [...new Set(builtins)].filter((name) => !QUICK.has(name)),
  };
}

const OPEN_CIRCUIT = ['breaker-isolate', 's3-upload', 's3-download'];

describe('what a command loads', () => {
  it('is Ink and React where something is drawn, so that a list without them says something', async () => {
    await using program = await Program.create();
    const path = program.path('drawn');
    spawnSync(process.execPath, ['-e', `import('${TERMINAL}')`], { env: { ...process.env, ...recorded(path) } });
    expect(findLibraries(readList(path))).toEqual(['ink']);
  });

  it.each([
    { args: ['--version'], loaded: [] },
    { args: ['put', '--help'], loaded: [] },
    { args: ['put', '-', 's3://bucket/a'], loaded: ['sdk'] },
    { args: ['get', 's3://bucket/b', '-'], loaded: ['sdk'] },
    { args: ['sweep', 's3://bucket/', '--all', '--older-than', '1d', '--yes'], loaded: ['sdk'] },
    { args: ['breaker-status'], loaded: [] },
    { args: ['breaker-reset', '--all'], loaded: [] },
    { args: OPEN_CIRCUIT, loaded: [] },
    { args: ['metrics'], loaded: ['prom-client'] },
  ])('is $loaded for $args off a terminal', async ({ args, loaded }) => {
    await using sandbox = await startTestSandbox();
    sandbox.putObject('bucket', 'b', { body: 'b' });
    await using program = await Program.create(sandbox.env);
    const path = program.path('list');
    await program.run(args, { env: recorded(path), input: 'a' });
    const list = readList(path);
    expect(list.some((url) => url.endsWith('/dist/cli/main.cjs'))).toBe(true);
    expect(findLibraries(list)).toEqual(loaded);
  });

  it.each([[['put', 'file', 's3://bucket/a']], [['get', 's3://bucket/b', 'file']]])(
    'is no library for %j while the circuit is open',
    async (args) => {
      await using sandbox = await startTestSandbox();
      await using program = await Program.create(sandbox.env);
      await program.run(OPEN_CIRCUIT);
      await writeFile(program.path('file'), 'a');
      const path = program.path('list');
      const { status } = await program.run(args, { env: recorded(path) });
      expect([status, findLibraries(readList(path))]).toEqual([75, []]);
    },
  );

  it.each([
    { args: ['put', 'file', 's3://bucket/a'], status: 75, more: [], slow: [] },
    // It looks at the file that it would replace.
    { args: ['get', 's3://bucket/b', 'file'], status: 75, more: ['chunks/fetch-object.cjs'], slow: ['fs/promises'] },
    { args: ['breaker-status'], status: 0, more: [], slow: [] },
  ])('is two files and nothing slow of Node for $args', async ({ args, status, ...budget }) => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await program.run(OPEN_CIRCUIT);
    await writeFile(program.path('file'), 'a');
    const path = program.path('list');
    expect((await program.run(args, { env: recorded(path) })).status).toBe(status);
    const { files, bytes, slow } = describeList(readList(path));
    expect({ files, slow }).toEqual({
      files: ['cli/main.cjs', `commands/${args[0]}.cjs`, ...budget.more],
      slow: budget.slow,
    });
    expect(bytes).toBeLessThan(REFUSAL_BYTES_MAX);
  });

  it('is no Ink for breaker-status --watch in a pipe', async () => {
    await using program = await Program.create();
    const path = program.path('list');
    const watch = program.start(['breaker-status', '--watch'], { env: recorded(path) });
    await new Promise((resolve) => watch.child.stdout?.once('data', resolve));
    watch.child.kill('SIGTERM');
    expect((await watch.ended).status).toBe(0);
    expect(readList(path).length).toBeGreaterThan(5);
    expect(findLibraries(readList(path))).toEqual([]);
  });
});
