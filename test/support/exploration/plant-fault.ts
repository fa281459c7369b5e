import { readdir } from 'node:fs/promises';
import { loadPlantedCopy, type PlantedFault } from '../planted-copy.ts';
import type { Machine } from './world.ts';

/** Loads a copy of `src/circuit/` with a fault. @throws Error where its text is not there exactly once */
export async function plantFault(fault: PlantedFault): Promise<Machine> {
  const names = await readdir(new URL('../../../src/circuit/', import.meta.url));
  const paths = [...names.map((name) => `circuit/${name}`), 'errors.ts', 'clock.ts'];
  // The exports of the copy are those of the source.
  return (await loadPlantedCopy(paths, fault)) as unknown as Machine;
}
