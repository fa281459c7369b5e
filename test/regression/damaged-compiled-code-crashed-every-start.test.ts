/**
 * Met: with a few zeros in a file of `~/.cache/breakwater`, as a power loss leaves them, every run of that command died by a signal, or
 * spun and could not be stopped but by SIGKILL, until somebody deleted the file. A pipe in its place hung the start, and each mistyped
 * command left files of its own.
 * Cause: V8 runs the code that it is given, and only the first bytes of the file were checked.
 * Fix: the code is there twice, and used only if both are equal. Pipes read as empty; only commands have files.
 */
import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';

async function createProgram() {
  const program = await Program.create();
  const run = async (...words: string[]) => await program.run(words, { env: { NODE_COMPILE_CACHE: '' } });
  await run('breaker-status');
  const root = program.path('.cache', 'breakwater');
  const [version = ''] = await readdir(root);
  const list = async () => (await readdir(program.path('.cache', 'breakwater', version))).toSorted();
  const [main = ''] = await list();
  return { program, run, list, main: program.path('.cache', 'breakwater', version, main) };
}

const DAMAGES: readonly [string, (code: Buffer) => Buffer][] = [
  ['zeros in the middle', (code) => Buffer.from(code).fill(0, 8192, 16_384)],
  ['zeros to the end', (code) => Buffer.from(code).fill(0, 4096)],
  ['one other bit', (code) => flip(code, 20_000)],
  ['half of it', (code) => code.subarray(0, code.length / 2)],
  ['a byte less', (code) => code.subarray(0, -1)],
];

function flip(code: Buffer, at: number): Buffer {
  const flipped = Buffer.from(code);
  flipped[at] = (code[at] ?? 0) ^ 4;
  return flipped;
}

describe('compiled code', () => {
  it.each(DAMAGES)('with %s is not run, and is replaced', async (_what, damage) => {
    const { program, run, main } = await createProgram();
    await using _ = program;
    const code = await readFile(main);
    await writeFile(main, damage(code));
    expect(await run('breaker-status')).toMatchObject({ status: 0, stderr: '' });
    expect((await readFile(main)).subarray(0, 24)).toEqual(code.subarray(0, 24));
    expect(await readFile(main)).not.toEqual(damage(code));
  });

  it('is not waited for where a pipe has its place', async () => {
    const { program, run, main } = await createProgram();
    await using _ = program;
    await rm(main);
    expect(spawnSync('mkfifo', [main]).status).toBe(0);
    expect(await run('breaker-status')).toMatchObject({ status: 0, stderr: '' });
  });

  it('is kept for commands, and once for everything else', async () => {
    const { program, run, list } = await createProgram();
    await using _ = program;
    const before = await list();
    for (const word of ['staus', 'putt', 'geet']) expect((await run(word)).status).toBe(2);
    const added = (await list()).filter((name) => !before.includes(name));
    expect(added.filter((name) => !name.startsWith('none '))).toEqual([]);
    expect(added.length).toBeGreaterThan(0);
  });
});
