import { describe, expect, it } from 'vitest';
import { Closers } from '../../../src/cli/closers.ts';
import { EventHub } from '../../../src/cli/event-hub.ts';
import { once } from '../../../src/once.ts';
import type { Event } from '../../../src/events.ts';

const EVENT: Event = { kind: 'bytes_moved', name: 'n', bytes: 1 };

describe('Closers', () => {
  function open() {
    const failures: string[] = [];
    const steps: string[] = [];
    return { closers: new Closers((message) => failures.push(message)), failures, steps };
  }

  it('closes the last one added first, one after another', async () => {
    const { closers, steps } = open();
    closers.add(() => void steps.push('first'));
    closers.add(async () => {
      steps.push('second begins');
      await Promise.resolve();
      steps.push('second ends');
    });
    await closers.close();
    expect(steps).toEqual(['second begins', 'second ends', 'first']);
  });

  it('continues after a failure, and reports it', async () => {
    const { closers, failures, steps } = open();
    closers.add(() => void steps.push('closed'));
    closers.add(() => {
      throw new Error('thrown');
    });
    closers.add(async () => await Promise.reject(new Error('rejected')));
    closers.add(() => {
      // oxlint-disable-next-line typescript/only-throw-error -- whatever a library throws
      throw 'a text';
    });
    await closers.close();
    expect(failures).toEqual(['a text', 'rejected', 'thrown']);
    expect(steps).toEqual(['closed']);
  });

  it('closes what is added meanwhile, and nothing twice', async () => {
    const { closers, steps } = open();
    closers.add(() => closers.add(() => void steps.push('late')));
    await closers.close();
    await closers.close();
    expect(steps).toEqual(['late']);
  });
});

describe('EventHub', () => {
  it('passes every event to every reader', () => {
    const hub = new EventHub();
    const told: [string, Event][] = [];
    hub.add((event) => told.push(['a', event]));
    hub.add((event) => told.push(['b', event]));
    hub.emit(EVENT);
    expect(told).toEqual([
      ['a', EVENT],
      ['b', EVENT],
    ]);
  });

  it.each([[0], [1], [2]])('drops a reader that fails, at place %d, and tells the others of it once', (place) => {
    const hub = new EventHub();
    const told: Event[][] = [[], []];
    let calls = 0;
    const readers = told.map((events) => (event: Event) => void events.push(event));
    readers.splice(place, 0, () => {
      calls += 1;
      throw new Error('disk full');
    });
    for (const reader of readers) hub.add(reader);
    expect(() => hub.emit(EVENT)).not.toThrow();
    hub.emit(EVENT);
    expect(calls).toBe(1);
    for (const events of told) {
      expect(events.filter(({ kind }) => kind === 'bytes_moved')).toHaveLength(2);
      expect(events.filter(({ kind }) => kind === 'warning')).toEqual([
        { kind: 'warning', reason: 'reader_failed', message: expect.stringContaining('disk full') },
      ]);
    }
  });

  it('survives readers that all fail, even on the warning about another', () => {
    const hub = new EventHub();
    for (const name of ['a', 'b', 'c']) {
      hub.add(() => {
        throw new Error(name);
      });
    }
    expect(() => hub.emit(EVENT)).not.toThrow();
    const told: Event[] = [];
    hub.add((event) => told.push(event));
    hub.emit(EVENT);
    expect(told).toEqual([EVENT]);
  });
});

describe('once', () => {
  it('computes when it is first asked, and never again', () => {
    let calls = 0;
    const ask = once(() => {
      calls += 1;
      return undefined;
    });
    expect(calls).toBe(0);
    expect([ask(), ask()]).toEqual([undefined, undefined]);
    expect(calls).toBe(1);
  });

  it('does not keep a failure', () => {
    let calls = 0;
    const ask = once(() => {
      calls += 1;
      if (calls === 1) throw new Error('no');
      return calls;
    });
    expect(ask).toThrow('no');
    expect(ask()).toBe(2);
  });
});
