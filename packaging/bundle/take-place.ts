import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Moves the files of a build over those of an earlier one, each by one rename: a command that starts meanwhile finds every
 * file, of one build or the other. Files that are alike stay, so a build of the same source disturbs nobody.
 * @param last moved after all others, because it names them; then what only the earlier build has is removed
 */
export function takePlace(from: string, to: string, { last }: { readonly last: string }): void {
  const made = listFiles(from).toSorted((a, b) => Number(a === last) - Number(b === last));
  for (const name of made) {
    const [source, target] = [join(from, name), join(to, name)];
    if (isAlike(source, target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(source, target);
  }
  const known = new Set(made);
  for (const name of listFiles(to)) if (!known.has(name)) rmSync(join(to, name));
}

/** Relative to the folder; none if it is not there. */
function listFiles(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch {
    return [];
  }
}

function isAlike(source: string, target: string): boolean {
  try {
    return readFileSync(source).equals(readFileSync(target));
  } catch {
    return false;
  }
}
