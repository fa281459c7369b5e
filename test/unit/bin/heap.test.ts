import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const PATH = require.resolve('../../../bin/heap.js');
const { COLLECT_EARLY, COLLECT_SOONER, ONE_PHASE } = require(PATH) as {
  COLLECT_EARLY: readonly string[];
  COLLECT_SOONER: string;
  ONE_PHASE: string;
};

/** Node refuses flags that neither it nor V8 knows; `setFlagsFromString` would only print a line. */
function statusWith(flag: string): number | null {
  return spawnSync(process.execPath, [flag, '-e', '0'], { stdio: 'ignore' }).status;
}

/** The space for new objects after these words, in MB. */
function roomAfter(words: readonly string[]): number {
  const script = `
    require(${JSON.stringify(PATH)}).shapeHeap(${JSON.stringify(words)});
    const room = require('node:v8').getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    process.stdout.write(String(room.space_size / 2 ** 20));
  `;
  return Number(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout);
}

describe('the shape of the heap', () => {
  it.each([...COLLECT_EARLY, COLLECT_SOONER, ONE_PHASE, '--semi-space-growth-factor=16'])(
    '%s is known to this Node: if it is not, measure memory and CPU without it',
    (flag) => expect(statusWith(flag)).toBe(0),
  );

  it('would be refused if its flags were unknown', () => {
    expect(statusWith('--heap-growing-percentage=10')).toBe(9);
  });

  it('has twice 16 MB for the new objects of many transfers, and no more than usual for a sweep', () => {
    expect(roomAfter(['get', '-r'])).toBe(32);
    expect(roomAfter(['put', '--recursive'])).toBe(32);
    expect(roomAfter(['get'])).toBe(1);
    expect(roomAfter(['sweep', '-r'])).toBe(1);
  });
});
