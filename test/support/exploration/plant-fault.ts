import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Machine } from './world.ts';

/** A fault in the shipped code: one text of one file becomes another. */
export interface PlantedFault {
  readonly file: string;
  readonly text: string;
  readonly becomes: string;
}

const SOURCE = new URL('../../../src/', import.meta.url);

/** Loads a copy of `src/circuit/` with a fault. @throws Error where the text is not there exactly once: the fault is out of date */
export async function plantFault({ file, text, becomes }: PlantedFault): Promise<Machine> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-fault-'));
  try {
    const names = (await readdir(new URL('circuit/', SOURCE))).map((name) => `circuit/${name}`);
    for (const name of [...names, 'errors.ts', 'clock.ts']) {
      const source = await readFile(new URL(name, SOURCE), 'utf8');
      if (name === `circuit/${file}` && source.split(text).length !== 2)
        throw new Error(`not once in ${file}: ${text}`);
      const planted = name === `circuit/${file}` ? source.replace(text, () => becomes) : source;
      // In one directory, as JavaScript: nothing else of the program is needed.
      const script = stripTypeScriptTypes(planted).replaceAll(
        /'(?:\.\.?\/)+(?:circuit\/)?([\w-]+)\.ts'/g,
        "'./$1.mjs'",
      );
      await writeFile(join(directory, name.replace(/^circuit\//, '').replace(/\.ts$/, '.mjs')), script);
    }
    const load = async (name: string): Promise<unknown> => await import(pathToFileURL(join(directory, name)).href);
    // The exports of the copy are those of the source.
    return {
      ...((await load('circuit-gate.mjs')) as object),
      ...((await load('circuit-view.mjs')) as object),
    } as Machine;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
