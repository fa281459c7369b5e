import { backoffDelayMs, type BackoffSettings } from './backoff.ts';
import type { Classification } from './classify.ts';

export interface RetrySettings extends BackoffSettings {
  /** Retries after the first try; 3 retries are 4 attempts. @default 3 */
  readonly retries: number;
}

export const DEFAULT_RETRY_SETTINGS: RetrySettings = { retries: 3, baseMs: 1000, jitter: 'none' };

export interface RetryQuestion {
  readonly failure: Classification;
  /** Retries already made, not counting the free one after a correction on our side. */
  readonly retriesMade: number;
  /** The free try after a correction on our side has been used. */
  readonly freeTryMade: boolean;
  readonly settings: RetrySettings;
  /** Time left until the deadline, in ms; null for none. */
  readonly remainingMs: number | null;
  readonly random: () => number;
}

export type RetryDecision =
  | { readonly kind: 'retry'; readonly retry: number; readonly delayMs: number }
  /** Immediate and not counted: only our clock or our credentials were wrong, and they are corrected. */
  | { readonly kind: 'retry_at_once' }
  | { readonly kind: 'stop'; readonly why: 'permanent' | 'exhausted' | 'deadline' };

/**
 * Decides whether to retry a failed attempt, and after which wait.
 * Stops if the wait would pass the deadline, because a shorter one would reach S3 too early.
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  const { failure, retriesMade, settings, remainingMs } = question;
  if (failure.isCorrected && !question.freeTryMade) return { kind: 'retry_at_once' };
  if (!failure.isRetryable) return { kind: 'stop', why: 'permanent' };
  if (retriesMade >= settings.retries) return { kind: 'stop', why: 'exhausted' };
  const retry = retriesMade + 1;
  const delayMs = backoffDelayMs(retry, { settings, hintMs: failure.retryAfterMs, random: question.random });
  if (remainingMs !== null && delayMs >= remainingMs) return { kind: 'stop', why: 'deadline' };
  return { kind: 'retry', retry, delayMs };
}
