import { describe, expect, it } from 'vitest';
import { FleetFailure } from '../../../src/circuit/fleet-store.ts';
import type { Engine, EngineChange } from '../../../src/fleet/engine.ts';
import type { Ask } from '../../../src/fleet/fleet-store.ts';
import { takeLease, type WorkLease } from '../../../src/fleet/work-lease.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** Hosts that share an engine in which keys expire. */
function prepare() {
  const clock = new VirtualClock();
  const engine = new MemoryEngine(clock.now());
  const lives: (number | null)[] = [];
  const failures: string[] = [];
  let expiresAtMs = Infinity;
  const expire = (): void => {
    engine.nowMs = clock.now();
    if (clock.now() >= expiresAtMs) engine.flush();
  };
  const expiring: Engine = {
    readList: engine.readList,
    listKeys: engine.listKeys,
    close: engine.close,
    isOpen: engine.isOpen,
    read: async (keys: readonly string[]) => {
      expire();
      return await engine.read(keys);
    },
    compareAndSet: async (change: EngineChange) => {
      expire();
      const isStored = await engine.compareAndSet(change);
      if (!isStored) return false;
      lives.push(change.expiresInMs);
      expiresAtMs = clock.now() + (change.expiresInMs ?? Infinity);
      return true;
    },
  };
  const ask: Ask = async (work) => await work(expiring, new AbortController().signal);
  const take = async (host: string, { isPaused = (): boolean => false } = {}) =>
    await takeLease({
      ask: async (work) => {
        if (isPaused()) throw new FleetFailure('timeout');
        return await ask(work);
      },
      clock,
      id: 'sweep',
      owner: { host, pid: 7 },
      token: `token of ${host}`,
      onFailure: (error) => failures.push(error instanceof FleetFailure ? error.code : 'internal'),
    });
  return { clock, engine, take, failures, lives };
}

function assertTaken(lease: Awaited<ReturnType<typeof takeLease>>): WorkLease {
  if (!('isOurs' in lease)) throw new Error(`it is held by ${lease.host}`);
  return lease;
}

describe('takeLease', () => {
  it('gives work to one host, and names it to the others', async () => {
    const { take, clock } = prepare();
    await using _lease = assertTaken(await take('a'));
    const sinceMs = clock.now();
    await clock.advance(60_000);
    expect(await take('b')).toMatchObject({ host: 'a', pid: 7, sinceMs });
  });

  it('gives it to the next one as soon as it is released', async () => {
    const { take, clock } = prepare();
    await assertTaken(await take('a'))[Symbol.asyncDispose]();
    await clock.advance(1);
    await using lease = assertTaken(await take('b'));
    expect(lease.isOurs()).toBe(true);
  });

  it('is renewed while the work runs, and not after it', async () => {
    const { take, clock, lives } = prepare();
    const lease = assertTaken(await take('a'));
    await clock.advance(60_000);
    expect(lives).toEqual(Array.from({ length: 7 }, () => 30_000));
    await lease[Symbol.asyncDispose]();
    await clock.advance(60_000);
    expect(lives.slice(7)).toEqual([1]);
  });

  it('ends by expiry when its owner is killed', async () => {
    const { take, clock } = prepare();
    let isKilled = false;
    assertTaken(await take('a', { isPaused: () => isKilled }));
    isKilled = true;
    await clock.advance(29_999);
    expect(await take('b')).toMatchObject({ host: 'a' });
    await clock.advance(1);
    await using lease = assertTaken(await take('b'));
    expect(lease.isOurs()).toBe(true);
  });

  it('is lost to the host that took it over meanwhile, which keeps it', async () => {
    const { take, clock } = prepare();
    let isSuspended = false;
    const lease = assertTaken(await take('a', { isPaused: () => isSuspended }));
    isSuspended = true;
    await clock.advance(35_000);
    await using other = assertTaken(await take('b'));
    isSuspended = false;
    await clock.advance(10_000);
    expect([lease.isOurs(), other.isOurs()]).toEqual([false, true]);
    expect([lease.lost.aborted, other.lost.aborted]).toEqual([true, false]);
    await lease[Symbol.asyncDispose]();
    expect(await take('c')).toMatchObject({ host: 'b' });
  });

  it.each(['timeout', 'read_only', 'no_permission', 'failed_recently'] as const)(
    'never keeps a host from working: %s',
    async (code) => {
      const { take, clock, engine, failures } = prepare();
      engine.failure = new FleetFailure(code);
      await using first = assertTaken(await take('a'));
      await using second = assertTaken(await take('b'));
      expect(failures).toEqual([code, code]);
      engine.failure = null;
      await clock.advance(20_000);
      // One of them has it now; the other one has begun, and goes on.
      expect([first.isOurs(), second.isOurs()]).toEqual([true, true]);
      expect(await take('c')).toMatchObject({ host: 'a' });
    },
  );

  it('is taken again after the engine has lost everything', async () => {
    const { take, clock, engine } = prepare();
    await using lease = assertTaken(await take('a'));
    engine.flush();
    await clock.advance(10_000);
    expect(lease.isOurs()).toBe(true);
    expect(await take('b')).toMatchObject({ host: 'a' });
  });

  it('goes to one of two hosts that ask at once', async () => {
    const { take, engine } = prepare();
    let other: Awaited<ReturnType<typeof takeLease>> | null = null;
    engine.overtake = async () => {
      other = await take('b');
    };
    const mine = await take('a');
    expect(mine).toMatchObject({ host: 'b' });
    await using _other = assertTaken(other ?? mine);
  });

  it('cannot be kept by a value that nobody understands', async () => {
    const { take, engine, failures } = prepare();
    const lease = assertTaken(await take('a'));
    const key = engine.replaced[0]?.key ?? '';
    await lease[Symbol.asyncDispose]();
    for (const value of ['junk', '{}', 'null', '{"v":2,"token":"t","host":"h","pid":1,"sinceMs":1}']) {
      engine.flush();
      await engine.compareAndSet({ key, expected: null, value, expiresInMs: null, listKey: key, entries: [] });
      assertTaken(await take('b'));
    }
    expect(failures).toEqual(['bad_answer', 'bad_answer', 'bad_answer', 'newer_row']);
  });
});
