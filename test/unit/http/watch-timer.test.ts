import { describe, expect, it } from 'vitest';
import { WatchTimer } from '../../../src/http/watch-timer.ts';
import { RequestWatch } from '../../../src/http/request-watch.ts';
import type { TransferFault } from '../../../src/retry/transfer-fault.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const TIMEOUTS = { requestTimeoutMs: 60_000, stallTimeoutMs: 30_000 };

function createStage() {
  const clock = new VirtualClock();
  const rounds = new WatchTimer(clock);
  const begin = () => {
    const watch = new RequestWatch(clock, TIMEOUTS);
    const faults: string[] = [];
    const end = (): void => {
      watch.enter('done');
      rounds.remove(watch);
    };
    watch.start((fault: TransferFault) => {
      faults.push(fault.word);
      end();
    });
    rounds.add(watch);
    return { watch, faults, end };
  };
  return { clock, begin };
}

describe('WatchTimer', () => {
  it('ends each request at its own time, whenever it started', async () => {
    const { clock, begin } = createStage();
    const first = begin();
    await clock.advance(20_000);
    const second = begin();
    await clock.advance(9_999);
    expect([first.faults, second.faults]).toEqual([[], []]);
    await clock.advance(1);
    expect([first.faults, second.faults]).toEqual([['stalled_body'], []]);
    await clock.advance(20_000);
    expect([first.faults, second.faults]).toEqual([['stalled_body'], ['stalled_body']]);
    expect(clock.sleeping).toBe(0);
  });

  it('gives the response more time than a body, counted from the last progress', async () => {
    const { clock, begin } = createStage();
    const { watch, faults } = begin();
    await clock.advance(29_000);
    watch.enter('waiting');
    await clock.advance(59_999);
    expect(faults).toEqual([]);
    await clock.advance(1);
    expect(faults).toEqual(['response_timeout']);
  });

  it('does not take our own pause for a stall', async () => {
    const { clock, begin } = createStage();
    const { watch, faults, end } = begin();
    watch.enter('paused');
    await clock.advance(300_000);
    expect(faults).toEqual([]);
    watch.enter('receiving');
    await clock.advance(29_999);
    expect(faults).toEqual([]);
    end();
  });

  it('stops while there is no request, and starts again with the next one', async () => {
    const { clock, begin } = createStage();
    begin().end();
    const { faults } = begin();
    expect(clock.sleeping).toBe(1);
    await clock.advance(30_000);
    expect(faults).toEqual(['stalled_body']);
    expect(clock.sleeping).toBe(0);
  });
});
