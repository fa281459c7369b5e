import { setTimeout as pause } from 'node:timers/promises';

/** Waits between the tries, in ms: 1.6 s in all. By then, the program that has the file open is not just looking at it. */
const WAITS_MS: readonly number[] = [10, 25, 50, 100, 200, 400, 800];

/** What Windows reports while a virus scanner, an indexer or a reader has one of the two files open. */
const IN_USE: ReadonlySet<unknown> = new Set(['EPERM', 'EACCES', 'EBUSY']);

/**
 * Renames a file over another one. On Windows that fails while another program has either of them open, so it is tried
 * again for a short while.
 * @throws the system's error of the last try
 */
export async function renameOnWindows(
  rename: () => Promise<void> | void,
  sleep: (ms: number) => Promise<unknown> = pause,
): Promise<void> {
  for (const waitMs of WAITS_MS) {
    try {
      await rename();
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && IN_USE.has(error.code))) throw error;
      await sleep(waitMs);
    }
  }
  await rename();
}
