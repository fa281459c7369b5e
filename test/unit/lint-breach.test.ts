import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let directory = '';

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

  it('let pass what is allowed', () => {
    expect(lint('src/client/x.ts', "export { S3Client } from '@aws-sdk/client-s3';\n")).toMatchObject({ status: 0 });
  });
});
