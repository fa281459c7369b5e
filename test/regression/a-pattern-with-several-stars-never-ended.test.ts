/**
 * Met: `sweep --include '*_*_*_*_*.csv'` and `**\/a/**\/a/**\/b` used a processor for hours on a single key that nearly
 * matched; `--deadline`, Ctrl-C and SIGTERM were not served.
 * Cause: globs became regular expressions, whose engine backtracks through all ways to divide a key among the stars.
 * Fix: the matcher tries each place of the pattern once at each place of the key.
 */
import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { createKeyFilter } from '../../src/key-filter.ts';
import { findSources } from '../../src/transfer/put/find-sources.ts';

/** Far less than any of these needs with backtracking, and far more than needed. */
const LIMIT_MS = 3000;

it.each([
  ['*_*_*_*_*.csv', `p/${'_'.repeat(1000)}.log`],
  ['*-*-*-*.gz', `p/${'-'.repeat(1000)}`],
  ['*[ab]*[ab]*[ab]*[ab]*c', 'ab'.repeat(500)],
  [`${'**/a/'.repeat(8)}b`, 'a/'.repeat(500)],
  [`x/${'{a,aa}'.repeat(12)}b`, `x/${'a'.repeat(18)}`],
  [`x${'{,a}'.repeat(12)}b`, `x${'a'.repeat(12)}`],
  [`${'**/*a*/**/'.repeat(20)}z/**`, 'ab/'.repeat(340)],
  ['!(*!(a*b)*!(a*b)c)', `${'ab'.repeat(500)}c`],
  ['+(ab|a|b)c', 'ab'.repeat(500)],
  ['(a+)+b', 'a'.repeat(1000)],
  ['*!(*a*a*b)c*d', 'a'.repeat(200)],
])('matches %s in bounded time', (pattern, key) => {
  const startMs = performance.now();
  const takes = createKeyFilter({ include: [pattern], exclude: [] });
  expect(takes(key)).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(LIMIT_MS);
});

it.each(['', '/'])('refuses the pattern "%s", which names nothing', (pattern) => {
  const create = (): unknown => createKeyFilter({ include: [pattern], exclude: [] });
  expect(create).toThrow(expect.objectContaining({ code: 'usage' }));
});

it('refuses a pattern of files that could never end', async () => {
  const finding = findSources(['missing/*_*_*_*_*.csv'], { isRecursive: false });
  await expect(finding).rejects.toMatchObject({ code: 'usage' });
  await expect(findSources(['missing/*_*_*_*.csv'], { isRecursive: false })).rejects.toMatchObject({
    code: 'not_found',
  });
});
