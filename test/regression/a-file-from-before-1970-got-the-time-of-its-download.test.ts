/**
 * Met: `put` stored a file of 1969 with its time, and `get` gave it the current time.
 * Cause: Node takes a negative number of seconds for the current time.
 * Fix: times are given to Node as text, which it reads as it is.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWritable } from '../../src/transfer/open-file.ts';

it.each([
  [-86_400, -86_400_000_000_000n],
  [-1.25, -1_250_000_000n],
  [-0.5, -500_000_000n],
  [0, 0n],
  [1.5, 1_500_000_000n],
])('restores %d s, at once and through threads', async (seconds, mtimeNs) => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-time-'));
  try {
    for (const sizeBytes of [1, null]) {
      const path = join(directory, String(sizeBytes));
      const file = await openWritable(path, { flags: 'wx+', sizeBytes });
      await file.setTime(seconds);
      await file.close();
      expect((await stat(path, { bigint: true })).mtimeNs).toBe(mtimeNs);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
