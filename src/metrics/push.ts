import { Agent } from 'undici';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import type { PushMode, PushTarget } from './push-target.ts';

/** A whole push, all tries together, in ms: somebody waits for the command behind it. */
export const PUSH_LIMIT_MS = 5000;
const TRIES = 2;
/** Pause before the second try, in ms. */
const RETRY_AFTER_MS = 500;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** How much is read of what a gateway says of metrics that it does not take, in characters. */
const EXPLANATION_MAX = 200;

export interface PushOptions {
  readonly target: PushTarget;
  readonly mode: PushMode;
  /** The text format; a Pushgateway takes OpenMetrics, but forgets the types. */
  readonly text: string;
  /** The value of the `authorization` header, or null. Never shown. */
  readonly authorization: string | null;
  /** Certificate authorities in PEM, or null for those of Node. */
  readonly certificates: string | null;
  /** What is left of the time for a push, in ms; at most `PUSH_LIMIT_MS`. */
  readonly limitMs: number;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * Sends the metrics: totals replace the whole group (PUT), deltas are added by an aggregating gateway (POST).
 * Redirects are refused: a login page would swallow the metrics and answer 200.
 * @throws BreakwaterError `push_failed` after two tries or the time that is left
 */
export async function pushMetrics(options: PushOptions): Promise<void> {
  const { target, mode, certificates, limitMs, clock } = options;
  // Not the command's own signal: what an interrupted command has measured is pushed too.
  const limit = new AbortController();
  const finished = new AbortController();
  const timeIsUp = clock.sleep(Math.max(0, limitMs), finished.signal).then(
    () => {
      limit.abort();
      return `no answer within ${PUSH_LIMIT_MS / 1000} s`;
    },
    () => null,
  );
  const connect = { timeout: PUSH_LIMIT_MS, ...(certificates === null ? {} : { ca: certificates }) };
  const agent = new Agent({ connect });
  try {
    const why = await Promise.race([tryTwice(options, agent, limit.signal), timeIsUp]);
    if (why === null) return;
    const lost = mode === 'totals' ? 'nothing is lost, the next push has it all' : 'they are in the local totals still';
    throw new BreakwaterError('push_failed', `the metrics could not be pushed to ${target.shown}: ${why}`, {
      details: { hint: `check the push URL and the gateway behind it; ${lost}` },
    });
  } finally {
    finished.abort();
    // Not waited for: a handshake that hangs holds it for longer than the limit.
    agent.destroy().catch(() => undefined);
  }
}

/** @returns why it has failed; null when it has arrived */
async function tryTwice(options: PushOptions, agent: Agent, limit: AbortSignal): Promise<string | null> {
  let why = '';
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const outcome = await tryPush(options, agent, limit);
    if (outcome === null) return null;
    why = outcome.why;
    // Deltas that may have arrived must not be added a second time.
    if (!outcome.isRetryable || limit.aborted || (options.mode === 'deltas' && !outcome.isRefused)) break;
    if (attempt < TRIES) await options.clock.sleep(RETRY_AFTER_MS, limit).catch(() => undefined);
  }
  return why;
}

interface Outcome {
  readonly why: string;
  readonly isRetryable: boolean;
  /** The gateway, or the system for it, has said no: nothing was added. */
  readonly isRefused: boolean;
}

/** @returns null when it has arrived */
async function tryPush(options: PushOptions, agent: Agent, limit: AbortSignal): Promise<Outcome | null> {
  const { target, mode, text, authorization } = options;
  try {
    const { origin, pathname, search } = target.url;
    const { statusCode, headers, body } = await agent.request({
      origin,
      path: pathname + search,
      method: mode === 'totals' ? 'PUT' : 'POST',
      headers: { 'content-type': CONTENT_TYPE, ...(authorization === null ? {} : { authorization }) },
      body: text,
      signal: limit,
    });
    const isExplained = statusCode === 400 && String(headers['content-type']).startsWith('text/plain');
    const said = isExplained ? await readExplanation(body, authorization) : '';
    // The status says it all: a body that never ends is not worth a wait.
    body.on('error', () => undefined).destroy();
    if (statusCode >= 200 && statusCode < 300) return null;
    const isRedirect = statusCode >= 300 && statusCode < 400;
    const why = `HTTP ${statusCode}${isRedirect ? ', a redirect, which is not followed' : said}`;
    return { why, isRetryable: statusCode >= 500 || statusCode === 429, isRefused: true };
  } catch (error) {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    return { why: describe(error), isRetryable: true, isRefused };
  }
}

/** The first line of what a Pushgateway says of metrics that contradict others. Never what was sent to sign in. */
async function readExplanation(body: AsyncIterable<Buffer>, authorization: string | null): Promise<string> {
  let said = '';
  for await (const chunk of body) {
    said += chunk.toString();
    if (said.length >= EXPLANATION_MAX || said.includes('\n')) break;
  }
  const secrets = authorization === null ? [] : [authorization, authorization.replace(/^\S+ /, '')];
  const line = (said.split('\n')[0] ?? '').slice(0, EXPLANATION_MAX).trim();
  return line === '' || secrets.some((secret) => said.includes(secret)) ? '' : `: ${line}`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // OpenSSL's own message has several lines for those who debug it; its reason is for users.
  const message = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return 'code' in error && typeof error.code === 'string' ? `${error.code}: ${message}` : message;
}
