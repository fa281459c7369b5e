import { statSync, type Stats } from 'node:fs';

/** What is at a path, links followed; null where nothing is, or nothing that can be looked at. */
export function lookAt(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
