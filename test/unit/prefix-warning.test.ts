import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/events.ts';
import { watchNeighbours } from '../../src/prefix-warning.ts';

function warningsOf(prefix: string, keys: readonly string[]): readonly Event[] {
  const events: Event[] = [];
  const watch = watchNeighbours({ prefix, emit: (event) => events.push(event) });
  for (const key of keys) watch([{ key }]);
  return events;
}

describe('watchNeighbours', () => {
  it('warns once about a folder with a longer name than the prefix', () => {
    expect(warningsOf('a', ['a/1', 'ab/1', 'ac/1'])).toEqual([
      {
        kind: 'warning',
        reason: 'prefix_neighbours',
        message: 'the prefix "a" also matches "ab/1"; for only the folder, use "a/"',
      },
    ]);
  });

  it.each([
    ['a folder', 'a/', ['a/1', 'a/b/c']],
    ['the beginning of a file name', 'tmp/job', ['tmp/job1', 'tmp/job2.log']],
    ['the beginning of a folder name, on purpose', 'logs/2024-', ['logs/2024-01/x']],
    ['a folder written without its slash', 'a', ['a', 'a/1', 'a/b/c']],
    ['everything', '', ['a/1', 'b']],
  ])('says nothing of %s', (_what, prefix, keys) => {
    expect(warningsOf(prefix, keys)).toEqual([]);
  });
});
