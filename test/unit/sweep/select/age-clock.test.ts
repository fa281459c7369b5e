import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../src/events.ts';
import { createAgeClock } from '../../../../src/sweep/select/age-clock.ts';

const OURS_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;

function prepare() {
  const events: Event[] = [];
  return { events, ageClock: createAgeClock({ now: () => OURS_MS, emit: (event) => events.push(event) }) };
}

describe('createAgeClock', () => {
  it.each([
    ['the same', 0, 0, 0],
    ['15 minutes ahead', 15, 15, 0],
    ['15 minutes behind', -15, -15, 0],
    ['farther ahead: ours counts', 16, 0, 1],
    ['farther behind: it counts, too, for everything is younger by it', -16, -16, 1],
    ['years ahead', 40_000_000, 0, 1],
  ])("measures by the store's clock where it is %s", (_where, minutes, expected, warnings) => {
    const { ageClock, events } = prepare();
    expect(ageClock(OURS_MS + minutes * MINUTE_MS)).toBe(OURS_MS + expected * MINUTE_MS);
    expect(events).toHaveLength(warnings);
  });

  it('warns once, with both clocks', () => {
    const { ageClock, events } = prepare();
    ageClock(OURS_MS + 3_600_000);
    ageClock(OURS_MS - 3_600_000);
    expect(events).toMatchObject([{ kind: 'warning', reason: 'clocks_differ' }]);
    expect(events[0]).toHaveProperty('message', expect.stringContaining('2023-11-14T23:13:20.000Z'));
    expect(events[0]).toHaveProperty('message', expect.stringContaining('2023-11-14T22:13:20.000Z'));
  });

  it('measures by ours where the store tells no time', () => {
    expect(prepare().ageClock(null)).toBe(OURS_MS);
  });

  it('does not judge a response without a date more strictly than those with one', () => {
    const { ageClock } = prepare();
    ageClock(OURS_MS - 400 * 86_400_000);
    expect(ageClock(null)).toBe(OURS_MS - 400 * 86_400_000);
  });
});
