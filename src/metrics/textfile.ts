import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BreakwaterError } from '../errors.ts';
import { renameOver } from '../rename-over.ts';

/**
 * Writes the text atomically for node_exporter's textfile collector, readable by everyone (0644). The temporary file is
 * in the same directory, and its name does not end in `.prom`, so the collector skips it.
 * @param mayReplace called once the text is on disk; if false, the existing file stays
 * @throws BreakwaterError `local_create`
 */
export async function writeTextfile(
  path: string,
  { text, mayReplace }: { readonly text: string; readonly mayReplace: () => boolean },
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o644);
    try {
      // The umask may have removed permissions that the collector needs.
      await file.chmod(0o644);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // Checked last, so that a process stopped here cannot replace newer totals with old ones.
    await (mayReplace() ? renameOver(async () => await rename(temporary, path)) : unlink(temporary));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new BreakwaterError('local_create', `the metrics could not be written to ${path}: ${why}`, {
      cause: error,
      details: { hint: 'the directory must exist and be writable' },
    });
  }
}
