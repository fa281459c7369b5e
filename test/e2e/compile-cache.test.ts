import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';

/** Nothing says where compiled code is kept, unless the test does. */
async function createProgram(): Promise<{
  program: Program;
  status: (env: Record<string, string>) => Promise<unknown>;
}> {
  const program = await Program.create();
  return {
    program,
    status: async (env) => {
      const ended = await program.run(['breaker-status'], { env: { NODE_COMPILE_CACHE: '', ...env } });
      return [ended.status, ended.stderr];
    },
  };
}

describe('compiled code', () => {
  it('is kept in the cache directory of the user', async () => {
    const { program, status } = await createProgram();
    await using _ = program;
    expect(await status({})).toEqual([0, '']);
    expect(await readdir(program.path('.cache', 'breakwater'))).toHaveLength(1);
    expect(await status({ XDG_CACHE_HOME: program.path('elsewhere') })).toEqual([0, '']);
    expect(await readdir(program.path('elsewhere', 'breakwater'))).toHaveLength(1);
  });

  it('is kept nowhere where the environment names no directory, and never in a relative one', async () => {
    const { program, status } = await createProgram();
    await using _ = program;
    expect(await status({ HOME: '', XDG_CACHE_HOME: 'relative' })).toEqual([0, '']);
    expect(existsSync(program.path('relative'))).toBe(false);
    expect(existsSync(program.path('.cache'))).toBe(false);
    expect(await status({ XDG_CACHE_HOME: 'relative' })).toEqual([0, '']);
    expect(existsSync(program.path('.cache', 'breakwater'))).toBe(true);
  });

  it('is that of what a command has called, and that of another text is not run', async () => {
    const { program, status } = await createProgram();
    await using _ = program;
    expect(await status({})).toEqual([0, '']);
    const [version = ''] = await readdir(program.path('.cache', 'breakwater'));
    const kept = (name: string): string => program.path('.cache', 'breakwater', version, name);
    const names = (await readdir(kept(''))).toSorted();
    expect(names).toEqual([
      expect.stringMatching(/^breaker-status [0-9a-f]+ cli main\.cjs$/),
      expect.stringMatching(/^breaker-status [0-9a-f]+ commands breaker-status\.cjs$/),
    ]);
    const main = kept(names[0] ?? '');
    const code = await readFile(main);
    expect(await status({})).toEqual([0, '']);
    expect(await readFile(main)).toEqual(code);
    // As an older program would have left it, and as a disk would.
    for (const bytes of [Buffer.from(code).fill('0', 3, 20), code.subarray(0, 30), Buffer.alloc(0)]) {
      await writeFile(main, bytes);
      expect(await status({})).toEqual([0, '']);
      expect((await readFile(main)).subarray(0, 24)).toEqual(code.subarray(0, 24));
    }
  });

  it('is done without, silently, where it cannot be kept', async () => {
    const { program, status } = await createProgram();
    await using _ = program;
    await writeFile(program.path('file'), 'in the way');
    await mkdir(program.path('cache'));
    await writeFile(program.path('cache', 'breakwater'), 'in the way');
    expect(await status({ XDG_CACHE_HOME: program.path('file') })).toEqual([0, '']);
    expect(await status({ XDG_CACHE_HOME: program.path('cache') })).toEqual([0, '']);
    // Where mkdir answers ENOENT although the parent is there, Node's own recursive mkdir never ends.
    expect(await status({ XDG_CACHE_HOME: '/proc/none' })).toEqual([0, '']);
  });
});
