import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HEAP_FLAGS } from '../../../src/cli/heap-limits.ts';

/** Node refuses flags that neither it nor V8 knows; `setFlagsFromString` would only print a line. */
function statusWith(flag: string): number | null {
  return spawnSync(process.execPath, [flag, '-e', '0'], { stdio: 'ignore' }).status;
}

describe('HEAP_FLAGS', () => {
  it.each(HEAP_FLAGS)('%s is known to this Node: if it is not, measure the memory of a sweep without it', (flag) => {
    expect(statusWith(flag)).toBe(0);
  });

  it('are set by bin/run.js too, before code is compiled', () => {
    const text = readFileSync(new URL('../../../bin/run.js', import.meta.url), 'utf8');
    expect(HEAP_FLAGS.filter((flag) => !text.includes(`'${flag}'`))).toEqual([]);
  });

  it('would be refused if it were unknown', () => {
    expect(statusWith('--heap-growing-percentage=10')).toBe(9);
  });
});
