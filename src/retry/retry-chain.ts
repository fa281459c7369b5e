import pRetry from 'p-retry';
import type { Clock } from '../clock.ts';
import { assertNever, type BreakwaterError } from '../errors.ts';
import { classify, type Classification } from './classify.ts';
import { decideRetry, type RetryDecision, type RetrySettings } from './decide-retry.ts';

export interface RetryChainOptions {
  readonly settings: RetrySettings;
  readonly clock: Clock;
  readonly random: () => number;
  /** Ends the chain and its waits. A result that has already arrived is kept. */
  readonly signal: AbortSignal;
  /** When the whole command must end, on the monotonic clock, in ms; null for never. */
  readonly deadlineAtMs: number | null;
  /** Waits between attempts. May end early, because `findRefusal` follows. @throws the signal's reason */
  readonly sleep: (delayMs: number) => Promise<void>;
  /** Called after every failed attempt, including the last. */
  readonly onAttemptFailed: (attempt: number, failure: Classification) => void;
  readonly onRetryScheduled: (retry: { retry: number; delayMs: number; failure: Classification }) => void;
  /** Called before each retry, after its wait; a refusal ends the chain with its last failure. */
  readonly findRefusal: () => Promise<BreakwaterError | null>;
}

/** The last failure of a chain and the number of attempts. */
export class RetryChainFailed extends Error {
  override readonly name = 'RetryChainFailed';
  readonly failure: Classification;
  readonly attempts: number;
  readonly why: Extract<RetryDecision, { kind: 'stop' }>['why'] | 'abandoned';
  /** Why it was abandoned; null for any other `why`. */
  readonly refusal: BreakwaterError | null;

  constructor(
    failure: Classification,
    options: Pick<RetryChainFailed, 'attempts' | 'why' | 'cause'> & { refusal?: BreakwaterError | null },
  ) {
    super(failure.message, { cause: options.cause });
    this.failure = failure;
    this.attempts = options.attempts;
    this.why = options.why;
    this.refusal = options.refusal ?? null;
  }
}

/**
 * The one retry loop of the program: runs `attempt` (1 is the first) until it succeeds or `decideRetry` stops.
 * @param createOptions called after the first failure: almost every chain succeeds at once and needs none of them
 * @throws RetryChainFailed after the last attempt; the signal's reason if it aborted an attempt or a wait
 */
export async function runRetryChain<T>(
  attempt: (attempt: number) => Promise<T>,
  createOptions: () => RetryChainOptions,
): Promise<T> {
  try {
    return await attempt(1);
  } catch (error) {
    return await retryAfter(error, attempt, new ChainProgress(createOptions()));
  }
}

/**
 * The attempts after a failed first one.
 *
 * p-retry's own waits are off: they can neither follow a hint nor check the circuit between attempts, and the last one
 * is shortened to fit the time limit. Its signal is unused too: an abort just after a success would discard the result.
 */
async function retryAfter<T>(
  firstError: unknown,
  attempt: (attempt: number) => Promise<T>,
  chain: ChainProgress,
): Promise<T> {
  try {
    return await pRetry(
      async (number) => {
        chain.attempts = number;
        if (number === 1) throw new AttemptFailed(firstError);
        // Wrapped, because p-retry never retries a TypeError, and `classify` must decide.
        return await attempt(number).catch(wrapFailure);
      },
      {
        // `decideRetry` is the only bound.
        retries: Infinity,
        minTimeout: 0,
        shouldRetry: async ({ error }) => await chain.shouldRetry(error.cause),
      },
    );
  } catch (error) {
    if (!(error instanceof AttemptFailed)) throw error;
    const { attempts, why, refusal } = chain;
    throw new RetryChainFailed(classify(error.cause), { attempts, why, cause: error.cause, refusal });
  }
}

class AttemptFailed extends Error {
  constructor(cause: unknown) {
    super('attempt failed', { cause });
  }
}

function wrapFailure(error: unknown): never {
  throw new AttemptFailed(error);
}

/** The state of one chain: the input of `decideRetry`, and why it stopped. */
class ChainProgress {
  attempts = 0;
  why: RetryChainFailed['why'] = 'permanent';
  refusal: BreakwaterError | null = null;
  readonly #options: RetryChainOptions;
  #retriesMade = 0;
  #freeTryMade = false;

  constructor(options: RetryChainOptions) {
    this.#options = options;
  }

  async shouldRetry(error: unknown): Promise<boolean> {
    const { settings, clock, signal, deadlineAtMs, random } = this.#options;
    signal.throwIfAborted();
    const failure = classify(error);
    this.#options.onAttemptFailed(this.attempts, failure);
    const decision = decideRetry({
      failure,
      retriesMade: this.#retriesMade,
      freeTryMade: this.#freeTryMade,
      settings,
      remainingMs: deadlineAtMs === null ? null : deadlineAtMs - clock.monotonic(),
      random,
    });
    switch (decision.kind) {
      case 'stop':
        this.why = decision.why;
        return false;
      case 'retry_at_once':
        this.#freeTryMade = true;
        return await this.#mayContinue();
      case 'retry':
        this.#retriesMade = decision.retry;
        this.#options.onRetryScheduled({ retry: decision.retry, delayMs: decision.delayMs, failure });
        await this.#options.sleep(decision.delayMs);
        return await this.#mayContinue();
      default:
        return assertNever(decision);
    }
  }

  async #mayContinue(): Promise<boolean> {
    this.why = 'abandoned';
    this.refusal = await this.#options.findRefusal();
    return this.refusal === null;
  }
}
