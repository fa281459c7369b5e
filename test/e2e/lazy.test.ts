import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const HOOK = fileURLToPath(new URL('../support/module-list.ts', import.meta.url));
const TERMINAL = fileURLToPath(new URL('../../dist/ui/terminal.js', import.meta.url));
const DRAWS = /node_modules\/(ink|react|react-reconciler|yoga-layout)\//;

const recorded = (path: string): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--import=${HOOK}`,
  BREAKWATER_TEST_MODULE_LIST: path,
});

function readList(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

describe('Ink and React', () => {
  it('are loaded by what draws, so that a list without them says something', async () => {
    await using program = await Program.create();
    const path = program.path('drawn');
    spawnSync(process.execPath, ['-e', `import('${TERMINAL}')`], { env: { ...process.env, ...recorded(path) } });
    expect(readList(path).filter((url) => DRAWS.test(url)).length).toBeGreaterThan(10);
  });

  it.each([
    ['--version', []],
    ['put', ['--help']],
    ['put', ['-', 's3://bucket/a']],
    ['get', ['s3://bucket/b', '-']],
    ['sweep', ['s3://bucket/', '--all', '--older-than', '1d', '--yes']],
    ['breaker-status', []],
    ['breaker-reset', ['--all']],
    ['breaker-isolate', ['s3-upload']],
    ['metrics', []],
  ])('are not loaded by %s %j off a terminal', async (command, args) => {
    await using sandbox = await startTestSandbox();
    sandbox.putObject('bucket', 'b', { body: 'b' });
    await using program = await Program.create(sandbox.env);
    const path = program.path('list');
    await program.run([command, ...args], { env: recorded(path), input: 'a' });
    const list = readList(path);
    expect(list.some((url) => url.endsWith('/dist/cli/main.js'))).toBe(true);
    expect(list.filter((url) => DRAWS.test(url))).toEqual([]);
  });

  it('are not loaded by breaker-status --watch in a pipe', async () => {
    await using program = await Program.create();
    const path = program.path('list');
    const watch = program.start(['breaker-status', '--watch'], { env: recorded(path) });
    await new Promise((resolve) => watch.child.stdout?.once('data', resolve));
    watch.child.kill('SIGTERM');
    expect((await watch.ended).status).toBe(0);
    expect(readList(path).filter((url) => DRAWS.test(url))).toEqual([]);
    expect(readList(path).some((url) => url.endsWith('/dist/cli/watch.js'))).toBe(true);
  });
});
