import { waitUnless } from '../abort.ts';
import { BreakwaterError } from '../errors.ts';
import type { AttemptFailure } from '../circuit/circuit.ts';
import { runRetryChain, type RetryChainOptions } from '../retry/retry-chain.ts';
import type { Guard, RequestQueue } from './guard.ts';
import type { OperationStop } from './operation-stop.ts';
import type { PermitHolder } from './permit-holder.ts';
import { RequestWatch } from '../http/request-watch.ts';
import { judge, type Evidence } from './verdict.ts';
import type { WatchedOptions } from '../http/http-handler.ts';
import type { OperationTarget } from '../operations.ts';

/** The options go to the SDK's `send` unchanged. */
export interface Attempt {
  /** 1 is the first. */
  readonly number: number;
  readonly options: WatchedOptions;
}

interface RunnerOptions {
  readonly target: OperationTarget;
  /** Null without a circuit. */
  readonly permits: PermitHolder | null;
  readonly stop: OperationStop;
}

/** Sends the requests of one guarded operation, each with its own retry chain, all under the operation's permit. */
export class RequestRunner {
  readonly #guard: Guard;
  readonly #operation: RunnerOptions;
  /** Of the requests in flight, and of those that an abort has ended. */
  readonly #watches: RequestWatch[] = [];
  /** Orders the operations of the command, for the rate limiter. */
  readonly #queue: RequestQueue | null;
  /** The newest slot under a probe's permit: one retry chain at a time (circuit.md, invariant 1). */
  #lastProbeSlot: ProbeSlot | null = null;
  #hasSent = false;
  bytesMoved = 0;
  #lastFailure: AttemptFailure | null = null;

  constructor(guard: Guard, operation: RunnerOptions) {
    this.#guard = guard;
    this.#operation = operation;
    this.#queue = guard.limiter?.openQueue() ?? null;
  }

  /** Aborts with the command, or when this operation is stopped. */
  get signal(): AbortSignal {
    return this.#operation.stop.signal;
  }

  /** Whether the operation holds the probe of its circuit. */
  get isProbe(): boolean {
    return this.#operation.permits?.isProbe === true;
  }

  /** Aborts all requests, waits and backoffs of this operation with `reason`. */
  stop(reason: unknown): void {
    this.#operation.stop.stop(reason);
  }

  /** Call before requests that `stop` is to abort, if the operation shares its signal; otherwise it does nothing. */
  separate(): void {
    this.#operation.stop.separate();
  }

  /** Counts stored payload bytes; negative when they must be moved again. */
  addBytes(bytes: number): void {
    this.bytesMoved += bytes;
  }

  /** The input of the verdict, needed most after a deadline. */
  evidence(): Evidence {
    const silentForMs = Math.max(0, ...this.#watches.map((watch) => watch.silentForMs()));
    return { lastFailure: this.#lastFailure, silentForMs };
  }

  /**
   * Sends one request with its retry chain. Under a probe's permit, success settles the probe.
   * @param isProof whether it does so; false for `sendAuxiliary`
   * @throws RetryChainFailed, the guard's abort reason, or BreakwaterError `circuit_open`
   */
  async send<T>(work: (attempt: Attempt) => Promise<T>, isProof = true): Promise<T> {
    const { permits } = this.#operation;
    const guard = this.#guard;
    const request: GuardedRequest = { probeSlot: null };
    this.signal.throwIfAborted();
    // The first request finds the permit that the operation has just taken.
    const isPermitted = permits === null || (!this.#hasSent && permits.isHeld && !permits.isProbe);
    if (!isPermitted) await this.#waitForPermit(permits, request);
    try {
      if (guard.limiter?.isActive === true) await this.#waitForRate(request);
      // Another request may have stopped the operation while this one waited for its permit.
      this.signal.throwIfAborted();
      this.#hasSent = true;
      const value = await runRetryChain(
        (number) => this.#attempt(number, work),
        () => this.#createChainOptions(request),
      );
      // Settled at once to free the probe slot; the rest of the operation acquires a new permit.
      if (request.probeSlot !== null && isProof) await permits?.settle('success');
      return value;
    } catch (error) {
      if (request.probeSlot !== null) {
        const { verdict, failure } = judge(error, this.evidence());
        await permits?.settle(verdict, failure);
      }
      throw error;
    } finally {
      request.probeSlot?.resolve();
    }
  }

  /** Like `send`, but success settles no probe: for requests without data (start an upload, list its parts). */
  async sendAuxiliary<T>(work: (attempt: Attempt) => Promise<T>): Promise<T> {
    return await this.send(work, false);
  }

  async #attempt<T>(number: number, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { clock, settings, emit } = this.#guard;
    const { signal } = this;
    const { target } = this.#operation;
    const watch = new RequestWatch(clock, settings);
    this.#watches.push(watch);
    emit({ ...target, kind: 'request_started' });
    try {
      const value = await work({ number, options: { abortSignal: signal, watch } });
      this.#drop(watch);
      return value;
    } catch (error) {
      // Kept if aborted: the verdict of a deadline depends on how long S3 was silent.
      if (!signal.aborted) this.#drop(watch);
      throw error;
    } finally {
      emit({ ...target, kind: 'request_ended' });
    }
  }

  #drop(watch: RequestWatch): void {
    this.#watches.splice(this.#watches.indexOf(watch), 1);
  }

  #createChainOptions(request: GuardedRequest): RetryChainOptions {
    const { settings, clock, random, emit } = this.#guard;
    const { target } = this.#operation;
    return {
      settings: settings.retry,
      clock,
      random,
      signal: this.signal,
      deadlineAtMs: settings.deadlineAtMs,
      sleep: async (delayMs) => await this.#waitWhilePermitted((stop) => clock.sleep(delayMs, stop)),
      onAttemptFailed: (number, failure) => {
        this.#lastFailure = failure;
        emit({ ...target, kind: 'attempt_failed', attempt: number, failure });
      },
      onRetryScheduled: (scheduled) =>
        emit({ ...target, kind: 'retry_scheduled', retries: settings.retry.retries, ...scheduled }),
      findRefusal: async () => await this.#findRefusal(request),
    };
  }

  /** Waits until the request may start: in parallel under an ordinary permit, one at a time under a probe's. */
  async #waitForPermit(permits: PermitHolder, request: GuardedRequest): Promise<void> {
    for (;;) {
      const last = this.#lastProbeSlot;
      await last?.promise;
      // Later requests of a long transfer look, too: others may have opened or isolated the circuit since.
      if (this.#hasSent && !permits.isProbe) await permits.keepIfCurrent();
      // An operation that has started does not wait for an open circuit, not even under `--wait`.
      if (!permits.isHeld) await permits.acquire(0);
      if (!permits.isProbe) return;
      // Another request of this operation took the slot while this one waited.
      if (last !== this.#lastProbeSlot) continue;
      request.probeSlot = Promise.withResolvers<void>();
      this.#lastProbeSlot = request.probeSlot;
      return;
    }
  }

  /** Before a retry: waits for permit and rate limiter. Returns `circuit_open` if the circuit refuses. */
  async #findRefusal(request: GuardedRequest): Promise<BreakwaterError | null> {
    try {
      await this.#renewPermit(request);
      await this.#waitForRate(request);
      return null;
    } catch (error) {
      if (error instanceof BreakwaterError && error.code === 'circuit_open') return error;
      throw error;
    }
  }

  /** Keeps the permit if current, else acquires a new one. @throws BreakwaterError `circuit_open` */
  async #renewPermit(request: GuardedRequest): Promise<void> {
    const { permits } = this.#operation;
    if (permits === null) return;
    const isOurs = request.probeSlot !== null || !permits.isProbe;
    if (isOurs && (await permits.keepIfCurrent())) return;
    request.probeSlot?.resolve();
    request.probeSlot = null;
    await this.#waitForPermit(permits, request);
  }

  /** Waits for the rate limiter, then checks the circuit again. @throws BreakwaterError `circuit_open` */
  async #waitForRate(request: GuardedRequest): Promise<void> {
    const { limiter, waits } = this.#guard;
    const queue = this.#queue;
    if (queue === null || limiter?.isActive !== true) return;
    {
      using _wait = waits.begin({ reason: 'rate_limit', circuit: null, atMostMs: limiter.waitMaxMs });
      await this.#waitWhilePermitted((stop) => queue.take(stop));
    }
    await this.#renewPermit(request);
  }

  /** Ends a wait early, without an error, when this command opens the circuit; the next check stops the chain. */
  async #waitWhilePermitted(wait: (stop: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this;
    const { circuit } = this.#guard;
    if (circuit === null) await wait(signal);
    else await waitUnless(wait, { signal, end: circuit.opened });
  }
}

/** One request; `probeSlot` is set while it holds the operation's probe. */
interface GuardedRequest {
  probeSlot: ProbeSlot | null;
}

/** Resolved when its request ends. */
type ProbeSlot = PromiseWithResolvers<void>;
