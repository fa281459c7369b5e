import { Agent, request } from 'undici';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import type { PushMode, PushTarget } from './push-target.ts';

/** The whole push, both tries together, in ms: somebody waits for the command behind it. */
export const PUSH_LIMIT_MS = 5000;
const TRIES = 2;
/** Pause before the second try, in ms. */
const RETRY_AFTER_MS = 500;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface PushOptions {
  readonly target: PushTarget;
  readonly mode: PushMode;
  /** The text format; a Pushgateway takes OpenMetrics, but forgets the types. */
  readonly text: string;
  /** The value of the `authorization` header, or null. Never shown. */
  readonly authorization: string | null;
  /** Certificate authorities in PEM, or null for those of Node. */
  readonly certificates: string | null;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * Sends the metrics: totals replace the whole group (PUT), deltas are added by an aggregating gateway (POST).
 * Redirects are refused: a login page would swallow the metrics and answer 200.
 * @throws BreakwaterError `push_failed` after two tries or 5 s
 */
export async function pushMetrics(options: PushOptions): Promise<void> {
  const { target, mode, certificates, clock } = options;
  // Not the command's own signal: what an interrupted command has measured is pushed too.
  const limit = AbortSignal.timeout(PUSH_LIMIT_MS);
  const agent = new Agent(certificates === null ? {} : { connect: { ca: certificates } });
  let why = '';
  try {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const outcome = await tryPush(options, agent, limit);
      if (outcome === null) return;
      why = outcome.why;
      // Deltas that may have arrived must not be added a second time.
      if (!outcome.isRetryable || limit.aborted || (mode === 'deltas' && !outcome.isRefused)) break;
      if (attempt < TRIES) await clock.sleep(RETRY_AFTER_MS, limit).catch(() => undefined);
    }
  } finally {
    await agent.destroy();
  }
  throw new BreakwaterError('push_failed', `the metrics could not be pushed to ${target.shown}: ${why}`, {
    details: { hint: 'check the push URL and the gateway behind it; nothing is lost, the next push has it all' },
  });
}

interface Outcome {
  readonly why: string;
  readonly isRetryable: boolean;
  /** The gateway, or the system for it, has said no: nothing was added. */
  readonly isRefused: boolean;
}

/** @returns null when it has arrived */
async function tryPush(options: PushOptions, dispatcher: Agent, limit: AbortSignal): Promise<Outcome | null> {
  const { target, mode, text, authorization } = options;
  try {
    const { statusCode, body } = await request(target.url, {
      method: mode === 'totals' ? 'PUT' : 'POST',
      headers: { 'content-type': CONTENT_TYPE, ...(authorization === null ? {} : { authorization }) },
      body: text,
      dispatcher,
      signal: limit,
    });
    await body.dump();
    if (statusCode >= 200 && statusCode < 300) return null;
    const isRedirect = statusCode >= 300 && statusCode < 400;
    const why = `HTTP ${statusCode}${isRedirect ? ', a redirect, which is not followed' : ''}`;
    return { why, isRetryable: statusCode >= 500 || statusCode === 429, isRefused: true };
  } catch (error) {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    const why = limit.aborted ? `no answer within ${PUSH_LIMIT_MS / 1000} s` : describe(error);
    return { why, isRetryable: true, isRefused };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? `${error.code}: ${error.message}` : error.message;
}
