import { describe, expect, it } from 'vitest';
import { runGuarded } from '../../../src/guard/guarded-operation.ts';
import type { RequestRunner } from '../../../src/guard/request-runner.ts';
import { BreakwaterError } from '../../../src/errors.ts';
import { CIRCUIT, FakeCircuits, SLOW_DOWN, takePermit } from '../../support/fake-circuits.ts';
import { createFakeGuard } from '../../support/fake-guard.ts';
import { LEASE_MS, OPEN_FOR_MS, prepare, prepareProbe, reset, succeed, TARGET } from '../../support/guarded-run.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function response(code: string, httpStatus: number): Error {
  return Object.assign(new Error('as S3 says'), { name: code, $metadata: { httpStatusCode: httpStatus } });
}

describe('admission', () => {
  it('comes before the work, and the verdict after it', async () => {
    const { run, process, kinds } = prepare();
    const value = await run(async (requests) => {
      expect({ admissions: process.admissions, verdicts: process.verdicts }).toEqual({ admissions: 1, verdicts: [] });
      return await requests.send(succeed);
    });
    expect(value).toBe('done');
    expect(process.verdicts).toEqual(['success']);
    expect(kinds()).toEqual(['operation_started', 'request_started', 'request_ended', 'operation_finished']);
  });

  it('ends a refused operation before its work begins', async () => {
    const { run, circuits, process, events } = prepare();
    circuits.open();
    let began = false;
    const refused = run(async () => {
      began = true;
      return await Promise.resolve();
    });
    await expect(refused).rejects.toMatchObject({ code: 'circuit_open', details: { reason: 'open' } });
    expect(began).toBe(false);
    expect(process.verdicts).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual(['operation_started', 'circuit_refused', 'operation_finished']);
    expect(events.at(-1)).toMatchObject({ result: 'circuit_open', code: 'circuit_open' });
  });

  it('is not asked for when the command was ended before', async () => {
    const { run, process, abort } = prepare();
    abort.abort(new BreakwaterError('interrupted', 'stopped'));
    await expect(run(succeed)).rejects.toMatchObject({ code: 'interrupted' });
    expect(process.admissions).toBe(0);
  });

  it('waits for the circuit with --wait', async () => {
    const { run, circuits } = prepare({ waitMs: OPEN_FOR_MS });
    circuits.open();
    expect(await run(async (requests) => await requests.send(succeed))).toBe('done');
  });

  it('waits no longer than the deadline allows', async () => {
    const clock = new VirtualClock();
    const circuits = new FakeCircuits(clock);
    circuits.open();
    const startMs = clock.monotonic();
    const { guard } = createFakeGuard({
      clock,
      gate: circuits.startProcess().gate,
      settings: { waitMs: OPEN_FOR_MS, deadlineAtMs: startMs + 7000 },
    });
    const refused = runGuarded(guard, TARGET, succeed);
    await expect(clock.runUntilSettled(refused)).rejects.toMatchObject({ code: 'circuit_open' });
    expect(clock.monotonic() - startMs).toBe(7000);
  });

  it('is not asked for by a guard without a circuit', async () => {
    const clock = new VirtualClock();
    const circuits = new FakeCircuits(clock);
    circuits.open();
    const process = circuits.startProcess();
    const { guard } = createFakeGuard({ clock });
    const done = runGuarded(guard, TARGET, async (requests) => await requests.send(succeed));
    expect(await clock.runUntilSettled(done)).toBe('done');
    expect({ admissions: process.admissions, verdicts: process.verdicts }).toEqual({ admissions: 0, verdicts: [] });
  });
});

describe('the verdict', () => {
  it('is one failure for an operation whose every attempt failed', async () => {
    const { run, process, circuits, events } = prepare();
    await expect(run(async (requests) => await requests.send(reset))).rejects.toMatchObject({
      code: 'unavailable',
      details: { attempts: 4, reason: 'connection_reset' },
    });
    expect(process.verdicts).toEqual(['failure']);
    expect(circuits.row).toMatchObject({ failures: 1, lastFailure: { code: 'connection_reset' } });
    expect(events.filter(({ kind }) => kind === 'attempt_failed')).toHaveLength(4);
    expect(events.filter(({ kind }) => kind === 'retry_scheduled')).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ kind: 'operation_finished', result: 'error', durationMs: 7000 });
  });

  it('is one failure for several parts that fail together', async () => {
    const { run, process, circuits } = prepare();
    const parts = run(async (requests) => {
      await Promise.all([1, 2, 3].map(async () => await requests.send(reset)));
    });
    await expect(parts).rejects.toMatchObject({ code: 'unavailable' });
    expect(process.verdicts).toEqual(['failure']);
    expect(circuits.row?.failures).toBe(1);
  });

  it('is a success for an attempt that failed and was made good', async () => {
    const { run, process, circuits } = prepare();
    let attempts = 0;
    await run(
      async (requests) =>
        await requests.send(async () => {
          attempts += 1;
          return attempts < 4 ? await reset() : await succeed();
        }),
    );
    expect(process.verdicts).toEqual(['success']);
    expect(circuits.row?.failures ?? 0).toBe(0);
  });

  it('opens the circuit with the fifth failed operation, and refuses the sixth', async () => {
    const { run, circuits } = prepare({ retry: { retries: 0, baseMs: 1000, jitter: 'none' } });
    for (let failed = 1; failed <= 5; failed += 1) {
      expect(circuits.state).toBe('closed');
      await expect(run(async (requests) => await requests.send(reset))).rejects.toMatchObject({
        code: 'unavailable',
      });
    }
    expect(circuits.state).toBe('open');
    await expect(run(succeed)).rejects.toMatchObject({ code: 'circuit_open' });
  });

  it.each([
    ['an answer about the object itself', response('NoSuchKey', 404), 'success', 'not_found'],
    ['a refused request', response('AccessDenied', 403), 'neutral', 'access_denied'],
    ['a full disk', new BreakwaterError('local_io', 'ENOSPC'), 'neutral', 'local_io'],
    ['a changed source', new BreakwaterError('source_changed', 'changed'), 'neutral', 'source_changed'],
    ['a closed pipe', new BreakwaterError('interrupted', 'closed'), 'neutral', 'interrupted'],
    ['a bug', new TypeError('bug'), 'neutral', 'internal'],
  ] as const)('for %s inside an attempt is without a retry', async (_what, error, verdict, code) => {
    const { run, process, events } = prepare();
    const failed = run(async (requests) => await requests.send(async () => await Promise.reject(error)));
    await expect(failed).rejects.toMatchObject({ code });
    expect(process.verdicts).toEqual([verdict]);
    expect(events.filter(({ kind }) => kind === 'retry_scheduled')).toEqual([]);
  });

  it('is neutral for a local fault between two requests', async () => {
    const { run, process } = prepare();
    const failed = run(async (requests) => {
      await requests.sendAuxiliary(succeed);
      throw new BreakwaterError('source_changed', 'changed');
    });
    await expect(failed).rejects.toMatchObject({ code: 'source_changed' });
    expect(process.verdicts).toEqual(['neutral']);
  });

  it('is neutral for an operation that was interrupted while it waited for a retry', async () => {
    const { guard, clock, process, abort, events } = prepare();
    const interrupted = runGuarded(guard, TARGET, async (requests) => await requests.send(reset));
    interrupted.catch(() => undefined);
    await clock.advance(500);
    abort.abort(new BreakwaterError('interrupted', 'stopped'));
    await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
    expect(process.verdicts).toEqual(['neutral']);
    expect(events.at(-1)).toMatchObject({ result: 'interrupted' });
    expect(clock.sleeping).toBe(0);
  });

  it.each([
    ['after an attempt had failed', true, 'waiting', 1, 'failure'],
    ['while a request got no byte for 5 s', false, 'waiting', 5000, 'failure'],
    ['while a request got no byte for less', false, 'waiting', 4999, 'neutral'],
    ['while we owed the bytes', false, 'sending', 20_000, 'neutral'],
    ['while nothing read the answer', false, 'paused', 20_000, 'neutral'],
  ] as const)('of a deadline that ran out %s', async (_what, hasFailed, phase, silentMs, verdict) => {
    const { guard, clock, process, abort } = prepare();
    const ended = runGuarded(
      guard,
      TARGET,
      async (requests) =>
        await requests.send(async ({ number, options }) => {
          if (hasFailed && number === 1) await reset();
          options.watch.enter(phase);
          return await new Promise((_resolve, reject) => {
            options.abortSignal.addEventListener('abort', () => reject(options.abortSignal.reason as Error));
          });
        }),
    );
    ended.catch(() => undefined);
    await clock.advance(hasFailed ? 1000 : 0);
    await clock.advance(silentMs);
    abort.abort(new BreakwaterError('deadline', 'over'));
    await expect(ended).rejects.toMatchObject({ code: 'deadline' });
    expect(process.verdicts).toEqual([verdict]);
  });

  it('counts the bytes that are stored for good', async () => {
    const { run, events } = prepare();
    await run(async (requests) => {
      requests.addBytes(100);
      requests.addBytes(-40);
      await requests.send(succeed);
    });
    expect(events.at(-1)).toMatchObject({ kind: 'operation_finished', bytes: 60, result: 'success', code: null });
  });
});

describe('a probe', () => {
  it('settles after its first data-bearing success, and the operation goes on under a fresh permit', async () => {
    const { run, circuits, process } = await prepareProbe();
    const seen: string[] = [];
    await run(async (requests) => {
      await requests.sendAuxiliary(succeed);
      seen.push(`${circuits.row?.successes} ${circuits.row?.lease === null ? 'free' : 'taken'}`);
      await requests.send(succeed);
      seen.push(`${circuits.row?.successes} ${circuits.row?.lease === null ? 'free' : 'taken'}`);
      await requests.send(succeed);
      seen.push(circuits.state);
      await requests.send(succeed);
    });
    expect(seen).toEqual(['0 taken', '1 free', 'closed']);
    expect(process.verdicts).toEqual(['success', 'success', 'success']);
    expect(process.admissions).toBe(3);
  });

  it('of one request leaves one success, and no lease', async () => {
    const { run, circuits } = await prepareProbe();
    await run(async (requests) => await requests.send(succeed));
    expect(circuits.row).toMatchObject({ state: 'half_open', successes: 1, lease: null });
  });

  it('lets one request of its operation go at a time', async () => {
    const { run, circuits, clock } = await prepareProbe();
    let inFlight = 0;
    const atOnce: number[] = [];
    await run(async (requests) => {
      const part = async (): Promise<void> =>
        await requests.send(async () => {
          inFlight += 1;
          atOnce.push(inFlight);
          await clock.sleep(1000);
          inFlight -= 1;
        });
      await Promise.all([part(), part(), part(), part()]);
    });
    // Two probes in turn close the circuit; what is left then goes together.
    expect(atOnce).toEqual([1, 1, 1, 2]);
    expect(circuits.state).toBe('closed');
  });

  it('that fails opens the circuit, and the waiting requests of its operation fail at once', async () => {
    const { run, circuits, process, clock } = await prepareProbe({
      retry: { retries: 0, baseMs: 1000, jitter: 'none' },
    });
    const ends: string[] = [];
    const sent: string[] = [];
    const startMs = clock.monotonic();
    const part = async (requests: RequestRunner, name: string): Promise<void> => {
      try {
        await requests.send(async () => {
          sent.push(name);
          await reset();
        });
      } catch (error) {
        ends.push(`${name} ${(error as Error).name}`);
        throw error;
      }
    };
    const parts = run(async (requests) => {
      await Promise.all([part(requests, 'a'), part(requests, 'b'), part(requests, 'c')]);
    });
    await expect(parts).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent).toEqual(['a']);
    expect(ends).toEqual(['a RetryChainFailed', 'b BreakwaterError', 'c BreakwaterError']);
    expect(process.verdicts).toEqual(['failure']);
    expect(circuits.state).toBe('open');
    expect(clock.monotonic() - startMs).toBe(0);
  });

  it.each([
    ['is interrupted', new BreakwaterError('interrupted', 'stopped')],
    ['meets a full disk', new BreakwaterError('local_io', 'ENOSPC')],
    ['is refused by S3', response('AccessDenied', 403)],
  ])('that %s gives its slot back, and changes nothing else', async (_what, error) => {
    const { run, circuits, process } = await prepareProbe();
    const failed = run(async (requests) => await requests.send(async () => await Promise.reject(error)));
    await expect(failed).rejects.toBeInstanceOf(BreakwaterError);
    expect(process.verdicts).toEqual(['neutral']);
    expect(circuits.row).toMatchObject({ state: 'half_open', successes: 0, lease: null });
    expect(circuits.history).toHaveLength(2);
  });

  it('answered about the object itself is a success', async () => {
    const { run, circuits } = await prepareProbe();
    const failed = run(
      async (requests) => await requests.send(async () => await Promise.reject(response('NoSuchKey', 404))),
    );
    await expect(failed).rejects.toMatchObject({ code: 'not_found' });
    expect(circuits.row).toMatchObject({ state: 'half_open', successes: 1, lease: null });
  });

  it('renews its lease for as long as its request takes', async () => {
    const { run, circuits, clock } = await prepareProbe();
    const other = circuits.startProcess();
    await run(
      async (requests) =>
        await requests.send(async () => {
          await clock.sleep(10 * LEASE_MS);
          expect(other.gate.admit(CIRCUIT).kind).toBe('refused');
        }),
    );
    expect(circuits.row?.successes).toBe(1);
    expect(clock.sleeping).toBe(0);
  });
});

describe('a begun transfer that meets a busy probe slot', () => {
  it('waits until the slot is free', async () => {
    const { run, circuits, clock } = await prepareProbe();
    const other = circuits.startProcess();
    await run(async (requests) => {
      await requests.send(succeed);
      const permit = takePermit(other.gate);
      void clock.sleep(20_000).then(() => other.gate.settle(permit, 'success'));
      await requests.send(succeed);
    });
    expect(circuits.state).toBe('closed');
  });

  it('waits at most two leases', async () => {
    const { run, circuits, clock } = await prepareProbe();
    const other = circuits.startProcess();
    let sinceMs = 0;
    const waited = run(async (requests) => {
      await requests.send(succeed);
      const permit = takePermit(other.gate);
      void renewForever(other.gate, permit, clock);
      sinceMs = clock.monotonic();
      await requests.send(succeed);
    });
    await expect(waited).rejects.toMatchObject({ code: 'circuit_open', details: { reason: 'probe_in_progress' } });
    expect(clock.monotonic() - sinceMs).toBe(2 * LEASE_MS);
  });

  it('waits no longer than the deadline', async () => {
    const clock = new VirtualClock();
    const circuits = new FakeCircuits(clock);
    circuits.open();
    await clock.advance(OPEN_FOR_MS);
    const startMs = clock.monotonic();
    const { guard } = createFakeGuard({
      clock,
      gate: circuits.startProcess().gate,
      settings: { deadlineAtMs: startMs + 3000 },
    });
    const waited = runGuarded(guard, TARGET, async (requests) => {
      await requests.send(succeed);
      takePermit(circuits.startProcess().gate);
      await requests.send(succeed);
    });
    await expect(clock.runUntilSettled(waited)).rejects.toMatchObject({ code: 'circuit_open' });
    expect(clock.monotonic() - startMs).toBe(3000);
  });

  it('fails at once when the circuit opens midway', async () => {
    const { run, circuits, clock } = await prepareProbe();
    const other = circuits.startProcess();
    let sinceMs = 0;
    const failed = run(async (requests) => {
      await requests.send(succeed);
      const permit = takePermit(other.gate);
      sinceMs = clock.monotonic();
      void clock.sleep(1000).then(() => other.gate.settle(permit, 'failure', SLOW_DOWN));
      await requests.send(succeed);
    });
    await expect(failed).rejects.toMatchObject({ code: 'circuit_open', details: { reason: 'open' } });
    expect(clock.monotonic() - sinceMs).toBe(1000);
  });
});

describe('a retry chain', () => {
  it('stops early when others have opened the circuit, with its own last failure', async () => {
    const { run, circuits, process } = prepare();
    let attempts = 0;
    const stopped = run(
      async (requests) =>
        await requests.send(async () => {
          attempts += 1;
          circuits.open();
          await reset();
        }),
    );
    await expect(stopped).rejects.toMatchObject({ code: 'unavailable', details: { attempts: 1 } });
    expect(attempts).toBe(1);
    expect(circuits.row).toMatchObject({ state: 'open', epoch: circuits.row?.openedAtMs });
    // What it held was of the epoch before: told to the gate once, and moved nothing.
    expect(process.verdicts).toEqual(['neutral']);
    expect(process.events.map(({ kind }) => kind)).toEqual(['result_ignored']);
  });

  it('whose probe was lost takes its turn again, and keeps nobody waiting', async () => {
    const { run, circuits, process, clock } = await prepareProbe();
    let inFlight = 0;
    const atOnce: number[] = [];
    let hasLost = false;
    const part = async (requests: RequestRunner): Promise<void> =>
      await requests.send(async () => {
        inFlight += 1;
        atOnce.push(inFlight);
        await clock.sleep(1000);
        inFlight -= 1;
        if (hasLost) return;
        hasLost = true;
        process.gate.reset(CIRCUIT, { by: 'test', reason: null });
        circuits.open();
        await clock.sleep(OPEN_FOR_MS);
        await reset();
      });
    await run(async (requests) => {
      await Promise.all([part(requests), part(requests), part(requests)]);
    });
    expect(atOnce).toEqual([1, 1, 1, 1]);
    expect(circuits.state).toBe('closed');
  });

  it('goes on under a fresh permit when the circuit was reset meanwhile', async () => {
    const { run, circuits, process } = prepare();
    let attempts = 0;
    await run(
      async (requests) =>
        await requests.send(async () => {
          attempts += 1;
          if (attempts > 1) return;
          process.gate.reset(CIRCUIT, { by: 'test', reason: null });
          await reset();
        }),
    );
    expect(attempts).toBe(2);
    expect(process.verdicts).toEqual(['neutral', 'success']);
    expect(circuits.state).toBe('closed');
  });
});

async function renewForever(
  gate: ReturnType<FakeCircuits['startProcess']>['gate'],
  permit: Parameters<typeof gate.renew>[0],
  clock: VirtualClock,
): Promise<void> {
  while (gate.renew(permit)) await clock.sleep(LEASE_MS / 3);
}

describe('an operation that shares a signal', () => {
  /** Its request waits until its signal aborts. */
  function hang(isSeparate: boolean) {
    const { guard } = createFakeGuard();
    const shared = new AbortController();
    const given = Promise.withResolvers<{ readonly requests: RequestRunner; readonly signal: AbortSignal }>();
    const result = runGuarded(
      guard,
      TARGET,
      async (requests) => {
        if (isSeparate) requests.separate();
        await requests.send(async ({ options: { abortSignal } }) => {
          given.resolve({ requests, signal: abortSignal });
          await new Promise((_resolve, reject) => {
            abortSignal.addEventListener('abort', () => reject(abortSignal.reason as Error));
          });
        });
      },
      shared.signal,
    );
    return { shared, given: given.promise, result };
  }

  const INTERRUPTED = new BreakwaterError('interrupted', 'stopped');

  it('gives it to its requests, and ends with it', async () => {
    const { shared, given, result } = hang(false);
    expect((await given).signal).toBe(shared.signal);
    shared.abort(INTERRUPTED);
    await expect(result).rejects.toBe(INTERRUPTED);
  });

  it('can be stopped alone once it is separate, and still ends with it', async () => {
    const stopped = hang(true);
    (await stopped.given).requests.stop(INTERRUPTED);
    await expect(stopped.result).rejects.toBe(INTERRUPTED);
    expect(stopped.shared.signal.aborted).toBe(false);
    const ended = hang(true);
    await ended.given;
    ended.shared.abort(INTERRUPTED);
    await expect(ended.result).rejects.toBe(INTERRUPTED);
  });

  it('does not begin after an abort', async () => {
    const { guard } = createFakeGuard();
    const work = (): never => expect.fail('began');
    await expect(runGuarded(guard, TARGET, work, AbortSignal.abort(INTERRUPTED))).rejects.toBe(INTERRUPTED);
  });
});
