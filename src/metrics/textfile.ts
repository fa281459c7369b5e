import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BreakwaterError } from '../errors.ts';

/**
 * Writes the text for node_exporter's textfile collector, atomically and readable by everyone (0644). The temporary file
 * is in the same directory; its name does not end in `.prom`, so the collector skips it.
 * @param mayReplace asked when the text is on the disk; if false, the file at the path stays
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
      // The umask may have removed rights that the collector needs.
      await file.chmod(0o644);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    // Asked last: a process that was stopped here must not put old totals over new ones.
    await (mayReplace() ? rename(temporary, path) : unlink(temporary));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new BreakwaterError('local_create', `the metrics could not be written to ${path}: ${why}`, {
      cause: error,
      details: { hint: 'the directory must exist and be writable' },
    });
  }
}
