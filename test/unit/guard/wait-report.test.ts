import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/events.ts';
import { WAIT_REPORTED_AFTER_MS, WaitReport } from '../../../src/guard/wait-report.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const LIMIT = { reason: 'rate_limit', circuit: null, atMostMs: 30_000 } as const;

function prepare() {
  const clock = new VirtualClock();
  const events: Event[] = [];
  const waits = new WaitReport({ clock, emit: (event) => events.push(event) });
  return { clock, events, waits };
}

describe('the report of waits', () => {
  it('is one for all that wait for the same, with the time that is left, and ends with the last', async () => {
    const { clock, events, waits } = prepare();
    const [first, second] = [waits.begin(LIMIT), waits.begin(LIMIT)];
    await clock.advance(WAIT_REPORTED_AFTER_MS);
    expect(events).toEqual([{ kind: 'wait_started', reason: 'rate_limit', circuit: null, atMostMs: 29_000 }]);
    first[Symbol.dispose]();
    expect(events).toHaveLength(1);
    second[Symbol.dispose]();
    expect(events.at(-1)).toEqual({ kind: 'wait_ended', reason: 'rate_limit' });
  });

  it('leaves out waits of less than a second', async () => {
    const { clock, events, waits } = prepare();
    const wait = waits.begin(LIMIT);
    await clock.advance(WAIT_REPORTED_AFTER_MS - 1);
    wait[Symbol.dispose]();
    await clock.advance(WAIT_REPORTED_AFTER_MS);
    expect(events).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });

  it('reports a short wait, too, such as that of `--wait 1s`', async () => {
    const { clock, events, waits } = prepare();
    using _wait = waits.begin({ reason: 'open', circuit: 's3-upload@x', atMostMs: 1000 });
    await clock.advance(250);
    expect(events).toMatchObject([{ kind: 'wait_started', reason: 'open', atMostMs: 750 }]);
  });

  it('tells waits for different things apart', async () => {
    const { clock, events, waits } = prepare();
    using _limit = waits.begin(LIMIT);
    using _probe = waits.begin({ reason: 'own_probe', circuit: 's3-upload@x', atMostMs: null });
    await clock.advance(WAIT_REPORTED_AFTER_MS);
    expect(events).toMatchObject([
      { reason: 'rate_limit', atMostMs: 29_000 },
      { reason: 'own_probe', circuit: 's3-upload@x', atMostMs: null },
    ]);
  });
});
