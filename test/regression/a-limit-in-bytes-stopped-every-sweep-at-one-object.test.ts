/**
 * Met: `sweep --max-bytes` that met an object larger than the limit, or a key of a list without its size, ended with 3 and
 *   "run the sweep again to continue". Every later sweep stopped at the same object.
 * Cause: it was not told whether the limit was used up, or was less than one object.
 * Fix: if nothing fits, the hint names the object and what helps.
 */
import { expect, it } from 'vitest';
import { findObjectFailure } from '../../src/sweep/sweep-failure.ts';
import { sweep } from '../../src/sweep/sweep.ts';
import { prepare, REQUEST } from '../support/fake-sweep.ts';
import { pagesOf, sweepItem, sweepPage } from '../support/sweep-pages.ts';

/** The hint of a sweep of at most 20 bytes. */
async function hintFor(...sizes: readonly (number | null)[]): Promise<string | undefined> {
  const page = { ...sweepPage([]), items: sizes.map((sizeBytes, index) => sweepItem(`k${index}`, { sizeBytes })) };
  const limits = { maxDelete: null, maxBytes: 20 };
  const result = await sweep(pagesOf([page]), { ...REQUEST, limits }, prepare().context);
  return findObjectFailure(result, { isStrict: false })?.details.hint;
}

it.each([
  ['is larger than the limit', [21], /^"k0" alone has 21 bytes: raise --max-bytes/u],
  ['has no known size', [null], /^the size of "k0" is not known: add --min-size 0B/u],
  ['comes after others', [10, 21], /^run the sweep again to continue$/u],
])('says what helps where the first object %s', async (_what, sizes, expected) => {
  expect(await hintFor(...sizes)).toMatch(expected);
});
