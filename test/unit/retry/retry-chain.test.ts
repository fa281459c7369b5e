import { describe, expect, it } from 'vitest';
import { BreakwaterError } from '../../../src/errors.ts';
import { DEFAULT_RETRY_SETTINGS } from '../../../src/retry/decide-retry.ts';
import { TransferFault } from '../../../src/retry/transfer-fault.ts';
import { RetryChainFailed, runRetryChain, type RetryChainOptions } from '../../../src/retry/retry-chain.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function startChain(attempt: (number: number) => Promise<string>, changes: Partial<RetryChainOptions> = {}) {
  const clock = new VirtualClock();
  const startMs = clock.monotonic();
  const at: number[] = [];
  const log: string[] = [];
  const { signal = new AbortController().signal } = changes;
  const result = runRetryChain(
    async (number) => {
      at.push(clock.monotonic() - startMs);
      return await attempt(number);
    },
    () => ({
      settings: DEFAULT_RETRY_SETTINGS,
      clock,
      random: () => 0.5,
      signal,
      sleep: async (delayMs) => await clock.sleep(delayMs, signal),
      deadlineAtMs: null,
      onAttemptFailed: (number, failure) => log.push(`failed ${number} ${failure.code}`),
      onRetryScheduled: ({ retry, delayMs }) => log.push(`retry ${retry} in ${delayMs}`),
      findRefusal: async () => await Promise.resolve(null),
      ...changes,
    }),
  );
  result.catch(() => undefined);
  return { clock, startMs, at, log, result };
}

const REFUSED = new BreakwaterError('circuit_open', 'refused');

const reset = async (): Promise<never> => await Promise.reject(new TransferFault('connection_reset', 'reset'));

async function failureOf(promise: Promise<unknown>): Promise<RetryChainFailed> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RetryChainFailed);
  return error as RetryChainFailed;
}

describe('runRetryChain', () => {
  it('makes 4 attempts at 0, 1, 3 and 7 s for a failure that never ends', async () => {
    const { clock, at, log, result } = startChain(reset);
    const failed = await failureOf(clock.runUntilSettled(result));
    expect(at).toEqual([0, 1000, 3000, 7000]);
    expect(failed).toMatchObject({ attempts: 4, why: 'exhausted', failure: { code: 'connection_reset' } });
    expect(log).toEqual([
      'failed 1 connection_reset',
      'retry 1 in 1000',
      'failed 2 connection_reset',
      'retry 2 in 2000',
      'failed 3 connection_reset',
      'retry 3 in 4000',
      'failed 4 connection_reset',
    ]);
  });

  it('needs no options where the first attempt succeeds', async () => {
    const needless = (): never => expect.fail('asked for options');
    expect(await runRetryChain(async (number) => await Promise.resolve(number), needless)).toBe(1);
  });

  it('makes one attempt for a permanent failure', async () => {
    const { clock, at, result } = startChain(async () => {
      throw Object.assign(new Error('no'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
    });
    expect(await failureOf(clock.runUntilSettled(result))).toMatchObject({ attempts: 1, why: 'permanent' });
    expect(at).toEqual([0]);
  });

  it('succeeds on the attempt that does', async () => {
    const { clock, at, result } = startChain(async (number) => (number < 3 ? await reset() : 'whole'));
    expect(await clock.runUntilSettled(result)).toBe('whole');
    expect(at).toEqual([0, 1000, 3000]);
  });

  it('does not count the free try after a corrected clock against the retries', async () => {
    const { clock, at, result } = startChain(async (number) => {
      if (number > 1) return await reset();
      throw Object.assign(new Error('skew'), {
        name: 'RequestTimeTooSkewed',
        $metadata: { httpStatusCode: 403, clockSkewCorrected: true },
      });
    });
    expect(await failureOf(clock.runUntilSettled(result))).toMatchObject({ attempts: 5, why: 'exhausted' });
    expect(at).toEqual([0, 0, 1000, 3000, 7000]);
  });

  it('gives one free try after a corrected clock, and no second', async () => {
    const { clock, at, result } = startChain(async () => {
      throw Object.assign(new Error('skew'), {
        name: 'RequestTimeTooSkewed',
        $metadata: { httpStatusCode: 403, clockSkewCorrected: true },
      });
    });
    const failed = await failureOf(clock.runUntilSettled(result));
    expect(failed).toMatchObject({ name: 'RetryChainFailed', attempts: 2, why: 'permanent', message: 'skew' });
    expect(failed.cause).toMatchObject({ name: 'RequestTimeTooSkewed' });
    expect(at).toEqual([0, 0]);
  });

  it('retries a TypeError of the network and never a TypeError of ours', async () => {
    const ours = startChain(async () => {
      throw new TypeError('x is not a function');
    });
    expect(await failureOf(ours.clock.runUntilSettled(ours.result))).toMatchObject({ attempts: 1 });
    const network = startChain(async () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
    });
    expect(await failureOf(network.clock.runUntilSettled(network.result))).toMatchObject({ attempts: 4 });
  });

  it('ends a wait at once, with the reason of the abort', async () => {
    const abort = new AbortController();
    const { clock, at, result } = startChain(reset, { signal: abort.signal });
    await clock.advance(500);
    abort.abort(new BreakwaterError('interrupted', 'stopped', { details: { reason: 'sigint' } }));
    await expect(result).rejects.toMatchObject({ code: 'interrupted' });
    expect(at).toEqual([0]);
  });

  it('keeps a result that was already there when the abort came', async () => {
    const abort = new AbortController();
    const { clock, result } = startChain(
      async () => {
        abort.abort(new BreakwaterError('interrupted', 'stopped'));
        return await Promise.resolve('whole');
      },
      { signal: abort.signal },
    );
    expect(await clock.runUntilSettled(result)).toBe('whole');
  });

  it('does not report an attempt that the abort itself has ended', async () => {
    const abort = new AbortController();
    const { clock, log, result } = startChain(
      async () => {
        abort.abort(new BreakwaterError('interrupted', 'stopped'));
        return await reset();
      },
      { signal: abort.signal },
    );
    await expect(clock.runUntilSettled(result)).rejects.toMatchObject({ code: 'interrupted' });
    expect(log).toEqual([]);
  });

  it('asks whether it may continue before the free try too', async () => {
    const { clock, at, result } = startChain(
      async () =>
        await Promise.reject(
          Object.assign(new Error('skew'), {
            name: 'RequestTimeTooSkewed',
            $metadata: { httpStatusCode: 403, clockSkewCorrected: true },
          }),
        ),
      { findRefusal: async () => await Promise.resolve(REFUSED) },
    );
    expect(await failureOf(clock.runUntilSettled(result))).toMatchObject({
      attempts: 1,
      why: 'abandoned',
      refusal: REFUSED,
    });
    expect(at).toEqual([0]);
  });

  it('abandons the chain with its last failure when it may not continue', async () => {
    const { clock, at, result } = startChain(reset, { findRefusal: async () => await Promise.resolve(REFUSED) });
    expect(await failureOf(clock.runUntilSettled(result))).toMatchObject({
      attempts: 1,
      why: 'abandoned',
      refusal: REFUSED,
    });
    expect(at).toEqual([0]);
  });

  it('stops before a wait that would end after the deadline', async () => {
    const clock = new VirtualClock();
    const { at, result, clock: chainClock } = startChain(reset, { deadlineAtMs: clock.monotonic() + 2500 });
    expect(await failureOf(chainClock.runUntilSettled(result))).toMatchObject({ attempts: 2, why: 'deadline' });
    expect(at).toEqual([0, 1000]);
  });
});
