import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/events.ts';
import { watchExcludes } from '../../src/exclude-watch.ts';
import { createKeyFilter } from '../../src/key-filter.ts';

/** The warnings of a filter that sees these names below `k/`, in pages of one or all together. */
function warningsOf(exclude: readonly string[], names: readonly string[], { isOnePage = true } = {}): string[] {
  const warnings: string[] = [];
  const emit = (event: Event): void => void (event.kind === 'warning' && warnings.push(event.message));
  const watch = watchExcludes({ exclude, starts: ['s3://demo/k/', 'k/'], base: 'k/', emit });
  const takes = createKeyFilter({ include: [], exclude }, watch);
  for (const name of names) {
    takes(name);
    if (!isOnePage) watch.report();
  }
  watch.report();
  return warnings;
}

describe('watchExcludes', () => {
  it.each([
    ['keep', 'keep/1.log', 'keep/**'],
    ['keep/', 'keep/1.log', 'keep/**'],
    ['/keep', 'keep/1.log', 'keep/**'],
    ['./keep/', 'keep/1.log', 'keep/**'],
    ['./keep/**', 'keep/1.log', 'keep/**'],
    ['k/keep/**', 'keep/1.log', 'keep/**'],
    ['./k/keep/', 'keep/1.log', 'keep/**'],
    ['/k/keep', 'keep/1.log', 'keep/**'],
    ['s3://demo/k/keep/**', 'keep/1.log', 'keep/**'],
    ['s3://demo/k/keep', 'keep/1.log', 'keep/**'],
    ['keep', 'a/keep/b/1.log', '**/keep/**'],
    ['keep/', 'a/keep/1.log', '**/keep/**'],
    ['kee?', 'a/keep/1.log', '**/kee?/**'],
    ['k*/', 'keep/1.log', 'k*/**'],
    ['a/keep', 'a/keep/1.log', 'a/keep/**'],
    ['*/keep/', 'a/keep/1.log', '*/keep/**'],
    ['./*.log', '1.log', '/*.log'],
    ['k/1.log', '1.log', '/1.log'],
    ['keep', 'keep/', 'keep/**'],
  ])('says of %s that it leaves out %s, and what would take it', (pattern, name, instead) => {
    const message = `--exclude "${pattern}" does not exclude "k/${name}"; "${instead}" would`;
    expect(warningsOf([pattern], [name, `${name}2`])).toEqual([message]);
    expect(createKeyFilter({ include: [instead], exclude: [] })(name)).toBe(true);
  });

  it.each([
    ['a pattern for names', ['*.log'], ['1.log', 'a/2.log', 'b.txt', 'x.log/y']],
    ['a pattern that has nothing to exclude', ['*.bak', 'old/**', 'keep'], ['1.log', 'keeper/1', 'a/old/1']],
    ['a folder in full', ['keep/**'], ['keep/1', 'a/keep/1', 'keeper/1']],
    ['two spellings of one folder', ['keep', 'keep/**'], ['keep/1', 'a']],
    ['a pattern for a folder at the top', ['/keep', './keep'], ['a/keep/1']],
    ['a pattern for everything', ['**'], ['a/1', 'b']],
    ['no pattern at all', ['./', 'k/'], ['a/1', 'b']],
    ['a pattern that is too long to watch', ['{'.repeat(300)], [`${'{'.repeat(300)}/1`]],
  ])('says nothing of %s', (_what, exclude, names) => {
    expect(warningsOf(exclude, names)).toEqual([]);
  });

  it('warns of a pattern once, also over many pages', () => {
    const names = ['keep/1', 'other/1', 'keep/2', 'a/keep/3'];
    expect(warningsOf(['keep/', 'other'], names, { isOnePage: false })).toEqual([
      '--exclude "keep/" does not exclude "k/keep/1"; "keep/**" would',
      '--exclude "other" does not exclude "k/other/1"; "other/**" would',
    ]);
  });

  it('does not take the empty object that shows a folder for what the pattern is about', () => {
    expect(warningsOf(['keep/'], ['keep/', 'keep/1'])).toHaveLength(1);
  });

  it('does not warn of a pattern that has excluded a name', () => {
    expect(warningsOf(['tmp'], ['a/tmp', 'tmp/1'], { isOnePage: false })).toEqual([]);
    expect(warningsOf(['tmp'], ['tmp/1', 'x/tmp'])).toEqual([]);
  });

  it('says only what is true of unusual names', () => {
    const names = ['keep//1', 'a//keep/1', './keep/1', '../keep/.', 'keep/..', 'a/keep/', 'a/./keep//'];
    for (const name of names) {
      const [warning = ''] = warningsOf(['keep'], [name]);
      const [, instead = ''] = /; "(.*)" would$/u.exec(warning) ?? [];
      expect([name, createKeyFilter({ include: [instead], exclude: [] })(name)]).toEqual([name, true]);
    }
  });
});
