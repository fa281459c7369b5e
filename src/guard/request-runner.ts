import { BreakwaterError } from '../errors.ts';
import type { AttemptFailure } from '../circuit/circuit.ts';
import { runRetryChain } from '../retry/retry-chain.ts';
import type { Guard } from './guard.ts';
import type { PermitHolder } from './permit-holder.ts';
import { RequestWatch } from '../http/request-watch.ts';
import { judge, type Evidence } from './verdict.ts';
import type { WatchedOptions } from '../http/http-handler.ts';
import type { OperationTarget } from '../operations.ts';

/** What one attempt is given; the options go to the SDK's `send` as they are. */
export interface Attempt {
  /** 1 is the first. */
  readonly number: number;
  readonly options: WatchedOptions;
}

interface RunnerOptions {
  readonly target: OperationTarget;
  /** Null where no circuit is asked. */
  readonly permits: PermitHolder | null;
  /** Aborts the guard's signal for this operation alone. */
  readonly stop: AbortController;
}

/** The requests of one guarded operation: each with its own retry chain, all under the operation's permit. */
export class RequestRunner {
  readonly #guard: Guard;
  readonly #target: OperationTarget;
  readonly #permits: PermitHolder | null;
  readonly #stop: AbortController;
  readonly #watches = new Set<RequestWatch>();
  /** The newest turn under a probe's permit: one chain at a time (circuit.md, invariant 1). */
  #probeTurn: Turn | null = null;
  bytesMoved = 0;
  #lastFailure: AttemptFailure | null = null;

  constructor(guard: Guard, operation: RunnerOptions) {
    this.#guard = guard;
    this.#target = operation.target;
    this.#permits = operation.permits;
    this.#stop = operation.stop;
  }

  /** Aborted when the command is, or when this operation is stopped. */
  get signal(): AbortSignal {
    return this.#guard.signal;
  }

  /** Ends whatever requests, waits and backoffs of this operation are under way, with `reason` as their error. */
  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** Counts payload bytes that are stored for good; negative when they are moved again. */
  addBytes(bytes: number): void {
    this.bytesMoved += bytes;
  }

  /** What the verdict of a deadline asks for. */
  evidence(): Evidence {
    const silentForMs = Math.max(0, ...[...this.#watches].map((watch) => watch.silentForMs()));
    return { lastFailure: this.#lastFailure, silentForMs };
  }

  /**
   * Sends one request with its retry chain.
   * @param isDataBearing its success is the proof that a probe was sent for
   * @throws RetryChainFailed, or the guard's abort reason, or `circuit_open`
   */
  async send<T>({ isDataBearing }: { isDataBearing: boolean }, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
    const permits = this.#permits;
    this.signal.throwIfAborted();
    if (permits === null) return await this.#runChain(attempt, async () => await Promise.resolve(true));
    const request: GuardedRequest = { turn: null };
    await this.#takeLeave(permits, request);
    try {
      // Others may have failed for good while this one waited for its leave.
      this.signal.throwIfAborted();
      const value = await this.#runChain(attempt, async () => await this.#mayContinue(permits, request));
      // A probe's proof settles it at once: the slot goes back, and the rest asks for a fresh permit.
      if (request.turn !== null && isDataBearing) permits.settle('success');
      return value;
    } catch (error) {
      if (request.turn !== null) {
        const { verdict, failure } = judge(error, this.evidence());
        permits.settle(verdict, failure);
      }
      throw error;
    } finally {
      request.turn?.end();
    }
  }

  /** Waits until the request may go: under a plain permit with others, under a probe's only in its own turn. */
  async #takeLeave(permits: PermitHolder, request: GuardedRequest): Promise<void> {
    for (;;) {
      const last = this.#probeTurn;
      await last?.ended;
      await this.#ensurePermit(permits);
      if (!permits.isProbe) return;
      // Another request of this operation took the turn while we waited: see what it brings about.
      if (last !== this.#probeTurn) continue;
      request.turn = beginTurn();
      this.#probeTurn = request.turn;
      return;
    }
  }

  async #runChain<T>(attempt: (attempt: Attempt) => Promise<T>, mayContinue: () => Promise<boolean>): Promise<T> {
    const { settings, clock, random, signal, emit } = this.#guard;
    return await runRetryChain((number) => this.#runAttempt(number, attempt), {
      settings: settings.retry,
      clock,
      random,
      signal,
      deadlineAtMs: settings.deadlineAtMs,
      onAttemptFailed: (number, failure) => {
        this.#lastFailure = failure;
        emit({ ...this.#target, kind: 'attempt_failed', attempt: number, failure });
      },
      onRetryScheduled: (scheduled) =>
        emit({ ...this.#target, kind: 'retry_scheduled', retries: settings.retry.retries, ...scheduled }),
      mayContinue,
    });
  }

  async #runAttempt<T>(number: number, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { clock, settings, signal, emit } = this.#guard;
    const watch = new RequestWatch(clock, settings);
    this.#watches.add(watch);
    emit({ ...this.#target, kind: 'request_started' });
    try {
      const value = await attempt({ number, options: { abortSignal: signal, watch } });
      this.#watches.delete(watch);
      return value;
    } catch (error) {
      // An aborted watch stays: the verdict of a deadline asks how long it had been silent.
      if (!signal.aborted) this.#watches.delete(watch);
      throw error;
    } finally {
      emit({ ...this.#target, kind: 'request_ended' });
    }
  }

  /** Before a further attempt: still ours, or to be had again; false when others have opened the circuit. */
  async #mayContinue(permits: PermitHolder, request: GuardedRequest): Promise<boolean> {
    const isOurs = request.turn !== null || !permits.isProbe;
    if (isOurs && permits.isCurrent()) return true;
    try {
      if (isOurs) permits.settle('neutral');
      request.turn?.end();
      request.turn = null;
      await this.#takeLeave(permits, request);
      return true;
    } catch (error) {
      if (error instanceof BreakwaterError && error.code === 'circuit_open') return false;
      throw error;
    }
  }

  async #ensurePermit(permits: PermitHolder): Promise<void> {
    if (permits.isHeld) return;
    const { settings, clock } = this.#guard;
    const leftMs = settings.deadlineAtMs === null ? Infinity : settings.deadlineAtMs - clock.monotonic();
    // A begun transfer waits for a busy slot: at most two leases, which covers an owner that died elsewhere.
    await permits.acquire({ waitMs: Math.min(leftMs, 2 * settings.probeLeaseMs), waitsFor: 'busy_slot' });
  }
}

/** One request on its way; `turn` is set while the operation's probe is its own. */
interface GuardedRequest {
  turn: Turn | null;
}

interface Turn {
  readonly ended: Promise<void>;
  readonly end: () => void;
}

function beginTurn(): Turn {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { ended: promise, end: resolve };
}
