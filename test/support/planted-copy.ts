import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A fault in the shipped code: one text of one file becomes another. */
export interface PlantedFault {
  /** Without its folder. */
  readonly file: string;
  readonly text: string;
  readonly becomes: string;
}

const SOURCE = new URL('../../src/', import.meta.url);

/**
 * Loads a copy of some files with a fault in one of them.
 * @param paths below `src`, with all that they import; their names differ
 * @returns all exports
 * @throws Error where the text is not there exactly once: the fault is out of date
 */
export async function loadPlantedCopy(
  paths: readonly string[],
  { file, text, becomes }: PlantedFault,
): Promise<Readonly<Record<string, unknown>>> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-fault-'));
  // In one directory, as JavaScript: nothing else of the program is needed.
  const copyOf = (path: string): string => join(directory, basename(path).replace(/\.ts$/, '.mjs'));
  try {
    for (const path of paths) {
      const source = await readFile(new URL(path, SOURCE), 'utf8');
      const isPlace = basename(path) === file;
      if (isPlace && source.split(text).length !== 2) throw new Error(`not once in ${file}: ${text}`);
      const script = stripTypeScriptTypes(isPlace ? source.replace(text, () => becomes) : source);
      await writeFile(copyOf(path), script.replaceAll(/'(?:\.\.?\/)+(?:[\w-]+\/)*([\w-]+)\.ts'/g, "'./$1.mjs'"));
    }
    const modules = await Promise.all(
      paths.map(async (path) => (await import(pathToFileURL(copyOf(path)).href)) as object),
    );
    return Object.assign({}, ...modules) as Readonly<Record<string, unknown>>;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
