import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import { readReason, reasonKind } from './push-reason.ts';
import type { PushMode, PushTarget } from './push-target.ts';

/** Time limit of a push, including both attempts, in ms. The command waits for it. */
export const PUSH_LIMIT_MS = 5000;
/** Pause before the second and last attempt, in ms. */
const RETRY_AFTER_MS = 500;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface PushOptions {
  readonly target: PushTarget;
  readonly mode: PushMode;
  /** In the text format, because a Pushgateway accepts OpenMetrics but loses the types. */
  readonly text: string;
  /** The `authorization` header, or null. Never shown. */
  readonly authorization: string | null;
  /** Certificate authorities in PEM, or null for Node's own. */
  readonly certificates: string | null;
  /** Sends the push through it; null for none. */
  readonly proxy: URL | null;
  /** Time left for this push, in ms; at most `PUSH_LIMIT_MS`. */
  readonly limitMs: number;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * Sends the metrics: totals replace the whole group (PUT), deltas are added by an aggregating gateway (POST). Redirects
 * are refused, because a login page would accept the metrics with a 200 and discard them.
 * @throws BreakwaterError `push_failed` after two attempts or when the time is up
 */
export async function pushMetrics(options: PushOptions): Promise<void> {
  const { target, mode, certificates, proxy, limitMs, clock } = options;
  // Not the command's signal, because an interrupted command also pushes its metrics.
  const limit = new AbortController();
  const timeIsUp = Promise.withResolvers<string>();
  using _timer = after(clock, Math.max(0, limitMs), () => {
    timeIsUp.resolve(`no response within ${PUSH_LIMIT_MS / 1000} s`);
    limit.abort();
  });
  const connect = { timeout: PUSH_LIMIT_MS, ...(certificates === null ? {} : { ca: certificates }) };
  const agent =
    proxy === null
      ? new Agent({ connect })
      : new ProxyAgent({ uri: proxy.href, requestTls: connect, proxyTls: connect });
  try {
    const why = await Promise.race([pushTwice(options, agent, limit.signal), timeIsUp.promise]);
    if (why === null) return;
    const through = proxy === null ? '' : ` through the proxy ${proxy.host}`;
    const lost =
      mode === 'totals' ? 'nothing is lost: the next push sends everything' : 'they are still in the local totals';
    throw new BreakwaterError('push_failed', `the metrics could not be pushed to ${target.shown}${through}: ${why}`, {
      details: { hint: `check the push URL and the gateway behind it; ${lost}` },
    });
  } finally {
    // Not awaited, because a stalled handshake would exceed the limit.
    agent.destroy().catch(() => undefined);
  }
}

/** @returns why the push failed, or null on success */
async function pushTwice(options: PushOptions, agent: Dispatcher, limit: AbortSignal): Promise<string | null> {
  const first = await tryPush(options, agent, limit);
  if (first === null) return null;
  // Deltas that may have arrived must not be added twice.
  const isSafe = options.mode === 'totals' || first.isRefused;
  if (!first.isRetryable || !isSafe || limit.aborted) return first.why;
  await options.clock.sleep(RETRY_AFTER_MS, limit).catch(() => undefined);
  const second = await tryPush(options, agent, limit);
  return second === null ? null : second.why;
}

interface Outcome {
  readonly why: string;
  readonly isRetryable: boolean;
  /** The gateway rejected the metrics or refused the connection, so nothing was added. */
  readonly isRefused: boolean;
}

/** @returns null on success */
async function tryPush(options: PushOptions, agent: Dispatcher, limit: AbortSignal): Promise<Outcome | null> {
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
    const isSuccess = statusCode >= 200 && statusCode < 300;
    const isRedirect = statusCode >= 300 && statusCode < 400;
    const kind = isSuccess || isRedirect ? null : reasonKind(headers);
    const reason = kind === null ? '' : await readReason(body, { kind, authorization, clock: options.clock });
    // The status is enough, and the body may never end.
    body.on('error', () => undefined).destroy();
    if (isSuccess) return null;
    const why = `HTTP ${statusCode}${isRedirect ? ', a redirect, which is not followed' : reason}`;
    return { why, isRetryable: statusCode >= 500 || statusCode === 429, isRefused: true };
  } catch (error) {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    return { why: formatError(error), isRetryable: true, isRefused };
  }
}

function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // OpenSSL's message has several lines for debugging; its reason is meant for users.
  const message = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return 'code' in error && typeof error.code === 'string' ? `${error.code}: ${message}` : message;
}
