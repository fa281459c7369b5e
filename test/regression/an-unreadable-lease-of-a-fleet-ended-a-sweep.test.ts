/**
 * Met: a lease in the fleet's server with a time that is none (written by something else, or by hand) ended `sweep` with
 *   an internal error and a stack. Of a holder that had been killed on another host, the error only advised to stop it.
 * Cause: the holder was read with any number as its time, which no date can show.
 * Fix: it is read as every stored record is; one that cannot be read keeps nobody from working (src/fleet/work-lease.ts).
 *   The advice says when the lock of a killed process ends (src/sweep/claim-sweep.ts).
 */
import { expect, it } from 'vitest';
import { takeLease } from '../../src/fleet/work-lease.ts';
import { FleetFailure } from '../../src/circuit/fleet-store.ts';
import type { Ask } from '../../src/fleet/fleet-store.ts';
import { claimSweep } from '../../src/sweep/claim-sweep.ts';
import type { ClaimHolder } from '../../src/unfinished-work.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const HOLDER = { v: 1, token: 't', host: 'h', pid: 12, sinceMs: 5 };

/** What a sweep makes of this lease, which another process has stored. */
async function meet(stored: object) {
  const clock = new VirtualClock();
  const engine = new MemoryEngine(clock.now());
  const codes: string[] = [];
  const options = {
    clock,
    id: 'sweep',
    owner: { host: 'us', pid: 7 },
    token: 'ours',
    onFailure: (error: unknown) => codes.push(error instanceof FleetFailure ? error.code : 'internal'),
  };
  const ask: Ask = async (work) => await work(engine, new AbortController().signal);
  const first = await takeLease({ ...options, ask });
  if ('isOurs' in first) await first[Symbol.asyncDispose]();
  const [{ key } = { key: '' }] = engine.replaced;
  const value = JSON.stringify(stored);
  const expected = engine.value(key);
  await engine.compareAndSet({ key, expected, value, expiresInMs: null, listKey: key, entries: [] });
  return { codes, claim: await takeLease({ ...options, ask }) };
}

it.each([{ sinceMs: 1e300 }, { sinceMs: null }, { pid: 1e99 }, { pid: -1 }, { pid: '12' }, { host: 5 }])(
  'a lease with %j keeps nobody from sweeping',
  async (part) => {
    const { claim, codes } = await meet({ ...HOLDER, ...part });
    expect(['isOurs' in claim, codes]).toEqual([true, ['bad_answer']]);
    if ('isOurs' in claim) await claim[Symbol.asyncDispose]();
  },
);

it('the advice tells when the lock of a killed process ends', async () => {
  const { claim } = await meet(HOLDER);
  if ('isOurs' in claim) throw new Error('nobody holds it');
  const unfinished = {
    claim: async (_id: string, onHeld?: (holder: ClaimHolder) => void) => {
      onHeld?.(claim);
      return await Promise.resolve(null);
    },
  };
  await expect(claimSweep(unfinished, { id: 'sweep', bucket: 'b', prefix: 'p' })).rejects.toMatchObject({
    message: 's3://b/p is already being swept by process 12 on h, since 1970-01-01T00:00:00.005Z',
    details: { hint: 'wait for that process to end, or stop it; if it was killed, its lock ends within 30s' },
  });
});
