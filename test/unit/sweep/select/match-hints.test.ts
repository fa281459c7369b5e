import { describe, expect, it } from 'vitest';
import { createMatchHints, explainPattern } from '../../../../src/sweep/select/match-hints.ts';
import { sweepItem } from '../../../support/sweep-pages.ts';

interface Given {
  readonly prefix: string;
  readonly keys?: readonly string[];
  readonly matched: number;
}

/** The hints of one sweep that reads its keys twice: to ask, then to delete. */
async function hint({ prefix, keys, matched }: Given): Promise<readonly string[]> {
  const reasons: string[] = [];
  const hints = createMatchHints({
    bucket: 'b',
    prefix,
    emit: (event) => event.kind === 'warning' && reasons.push(event.reason),
  });
  if (keys !== undefined) {
    const open = async function* open() {
      yield await Promise.resolve(keys.map((key) => sweepItem(key)));
    };
    const source = hints.watch({ kind: 'named', open });
    for (const _pass of [1, 2]) {
      if (source.kind !== 'named') continue;
      for await (const page of source.open()) expect(page).toHaveLength(keys.length);
    }
  }
  hints.conclude(matched);
  return reasons;
}

describe('the hints of a sweep', () => {
  it.each<[string, Given, readonly string[]]>([
    ['nothing where something matched', { prefix: 't/*', matched: 1 }, []],
    ['nothing for a plain prefix', { prefix: 't/', matched: 0 }, []],
    ['a prefix that looks like a pattern', { prefix: 't/*', matched: 0 }, ['prefix_pattern']],
    ['URLs in a list', { prefix: 't/', keys: ['s3://b/t/a', 's3://b/t/b'], matched: 0 }, ['key_list_urls']],
    ['URLs in a list of any keys', { prefix: '', keys: ['a', 's3://b/t/a'], matched: 2 }, ['key_list_urls']],
    ['a list of other keys', { prefix: 't/', keys: ['/t/a', 'u/b'], matched: 0 }, ['keys_outside_prefix']],
    ['nothing for a list with some of its keys', { prefix: 't/', keys: ['u/a', 't/b'], matched: 0 }, []],
    ['nothing for an empty list', { prefix: 't/', keys: [], matched: 0 }, []],
  ])('tell of %s', async (_what, given, expected) => {
    expect(await hint(given)).toEqual(expected);
  });

  it.each([
    ['t/*', 't/', '*'],
    ['logs/2024-?/x', 'logs/', '2024-?/x'],
    ['*.log', '', '*.log'],
    ['a/b[0-9]', 'a/', 'b[0-9]'],
  ])('turn the prefix %s into the prefix %s and a pattern', (prefix, base, pattern) => {
    expect(explainPattern({ bucket: 'b', prefix })).toContain(
      `sweep "s3://b/${base}" with --include ${JSON.stringify(pattern)}`,
    );
  });

  it.each(['a/', 'a[b', 'a]'])('know that %s is no pattern', (prefix) => {
    expect(explainPattern({ bucket: 'b', prefix })).toBeNull();
  });
});
