import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKOFF_CAP_MS, backoffDelayMs } from '../../../src/retry/backoff.ts';
import { classify } from '../../../src/retry/classify.ts';
import { decideRetry, DEFAULT_RETRY_SETTINGS, type RetryQuestion } from '../../../src/retry/decide-retry.ts';
import { TransferFault } from '../../../src/retry/transfer-fault.ts';

const transient = classify(new TransferFault('connection_reset', 'reset'));
const permanent = classify(Object.assign(new Error('no'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } }));
const skewed = classify(
  Object.assign(new Error('skew'), {
    name: 'RequestTimeTooSkewed',
    $metadata: { httpStatusCode: 403, clockSkewCorrected: true },
  }),
);

function ask(question: Partial<RetryQuestion>): ReturnType<typeof decideRetry> {
  return decideRetry({
    failure: transient,
    retriesMade: 0,
    freeTryMade: false,
    settings: DEFAULT_RETRY_SETTINGS,
    remainingMs: null,
    random: () => 0.5,
    ...question,
  });
}

describe('decideRetry', () => {
  it.each([
    [0, { kind: 'retry', retry: 1, delayMs: 1000 }],
    [1, { kind: 'retry', retry: 2, delayMs: 2000 }],
    [2, { kind: 'retry', retry: 3, delayMs: 4000 }],
    [3, { kind: 'stop', why: 'exhausted' }],
  ])('after %i retries decides %j', (retriesMade, expected) => {
    expect(ask({ retriesMade })).toEqual(expected);
  });

  it('never retries a permanent failure', () => {
    expect(ask({ failure: permanent })).toEqual({ kind: 'stop', why: 'permanent' });
  });

  it('gives a corrected clock one immediate extra try, and only one', () => {
    expect(ask({ failure: skewed })).toEqual({ kind: 'retry_at_once' });
    expect(ask({ failure: skewed, retriesMade: 3 })).toEqual({ kind: 'retry_at_once' });
    expect(ask({ failure: skewed, freeTryMade: true })).toEqual({ kind: 'stop', why: 'permanent' });
  });

  it('stops at once when the wait does not fit before the deadline', () => {
    expect(ask({ remainingMs: 1000 })).toEqual({ kind: 'stop', why: 'deadline' });
    expect(ask({ remainingMs: 1001 })).toEqual({ kind: 'retry', retry: 1, delayMs: 1000 });
  });

  it('waits for the longer of backoff and hint', () => {
    expect(ask({ failure: { ...transient, retryAfterMs: 3000 } })).toMatchObject({ delayMs: 3000 });
    expect(ask({ failure: { ...transient, retryAfterMs: 3000 }, retriesMade: 2 })).toMatchObject({ delayMs: 4000 });
  });

  it('never waits longer than the cap for a hint', () => {
    expect(ask({ failure: { ...transient, retryAfterMs: 3_600_000 } })).toMatchObject({ delayMs: BACKOFF_CAP_MS });
  });

  it('makes no retry at all with 0 retries', () => {
    expect(ask({ settings: { ...DEFAULT_RETRY_SETTINGS, retries: 0 } })).toEqual({ kind: 'stop', why: 'exhausted' });
  });
});

describe('backoffDelayMs', () => {
  it('stays within its bounds for every setting, hint and random number', () => {
    const settings = fc.record({
      baseMs: fc.integer({ min: 1, max: 60_000 }),
      jitter: fc.constantFrom('none', 'full'),
    });
    const hint = fc.option(fc.integer({ min: 0, max: 10_000_000 }));
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), settings, hint, random, (retry, chosen, hintMs, value) => {
        const delayMs = backoffDelayMs(retry, { settings: chosen, hintMs, random: () => value });
        const capMs = Math.max(BACKOFF_CAP_MS, chosen.baseMs);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeLessThanOrEqual(capMs);
        expect(delayMs).toBeGreaterThanOrEqual(Math.min(hintMs ?? 0, capMs));
        if (chosen.jitter === 'none')
          expect(delayMs).toBeGreaterThanOrEqual(Math.min(chosen.baseMs * 2 ** (retry - 1), capMs));
      }),
    );
  });

  it('spreads full jitter over the whole wait', () => {
    const at = (value: number): number =>
      backoffDelayMs(3, { settings: { baseMs: 1000, jitter: 'full' }, hintMs: null, random: () => value });
    expect([at(0), at(0.5), at(0.999)]).toEqual([0, 2000, 3996]);
  });
});
