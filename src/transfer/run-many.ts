import { BreakwaterError, type ErrorCode } from '../errors.ts';
import type { DeniedTarget } from '../permissions.ts';
import { ItemSupply } from './item-supply.ts';
import { allUnavailableError } from './run-again.ts';
import { allDeniedError, isAllDenied, isDenial, shouldEndDenied } from './denied-run.ts';

/** Items at a time until some have succeeded, so that a store that is down gets no more at once. */
const IN_FLIGHT_AT_FIRST = 16;

/** The most failures to keep by name; the rest are only counted. */
export const FAILURES_NAMED_MAX = 100;

export interface ItemFailure {
  readonly name: string;
  readonly error: BreakwaterError;
}

export interface ManyResult {
  readonly done: number;
  /** Left unchanged, because they already existed. */
  readonly skipped: number;
  readonly bytes: number;
  /** How many of those done no checksum could verify. */
  readonly unverified: number;
  readonly failed: number;
  /** The first failures, in order. */
  readonly failures: readonly ItemFailure[];
  /** The error that ended the run before its last item, or that of a run whose every item S3 denied or failed; or null. */
  readonly ended: BreakwaterError | null;
}

export interface ItemDone {
  readonly bytes: number;
  /** Nothing was moved, because it already existed. @default false */
  readonly isSkipped?: boolean;
  /** The checksum that verified it; null if none could. @default it needs none */
  readonly verifiedBy?: string | null;
}

/** Errors that end the whole run, because the next item would fail the same way. */
const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set(['circuit_open', 'interrupted', 'deadline', 'config', 'internal']);

/** Also a bucket that is not there: all items go to one. */
function endsTheRun({ code, details }: BreakwaterError): boolean {
  return ENDS_THE_RUN.has(code) || details.s3Code === 'NoSuchBucket';
}

export interface RunManyOptions {
  /** The most items at a time; the command's slots bound their memory. */
  readonly objectsInFlight: number;
  /** Whether one more item at a time would help. */
  readonly hasRoom: () => boolean;
  /** Called, and awaited if it returns a promise, before each item starts. */
  readonly beforeEach: (signal: AbortSignal) => Promise<void> | null;
  /** What the items are, for the hint of a run that was denied. @default the hint of the first item */
  readonly asked?: DeniedTarget;
  /** The command's own signal, which also aborts the signal of each transfer. */
  readonly signal?: AbortSignal;
}

/**
 * Runs `transfer` over many items, a bounded number at a time: few at first, and one more after each success, as in
 * TCP's slow start (RFC 5681, section 3.1). `items` come one by one or several together. A failed item does not stop the
 * others, but an error that every further item would meet ends the run at once, and aborts the signal of each transfer. So
 * do several denials without a success.
 * @returns with `ended` set if the run ended early, after at least one item, or if S3 denied or failed every item
 * @throws BreakwaterError if the run ended before any item; any other error unchanged
 */
export async function runMany<T extends Named>(
  items: AsyncIterable<T | readonly T[]>,
  transfer: Transfer<T>,
  options: RunManyOptions,
): Promise<ManyResult> {
  return await new ManyRun(items, transfer, options).run();
}

interface Named {
  readonly name: string;
}

type Transfer<T> = (item: T, signal: AbortSignal) => Promise<ItemDone>;

class ManyRun<T extends Named> {
  readonly #supply: ItemSupply<T>;
  readonly #transfer: Transfer<T>;
  readonly #options: RunManyOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #workers: Promise<void>[] = [];
  readonly #tally = { done: 0, skipped: 0, bytes: 0, unverified: 0, failed: 0, failures: [] as ItemFailure[] };
  #denied = 0;
  #unavailable = 0;
  #ended: { readonly error: unknown } | null = null;

  constructor(items: AsyncIterable<T | readonly T[]>, transfer: Transfer<T>, options: RunManyOptions) {
    this.#supply = new ItemSupply(items);
    this.#transfer = transfer;
    this.#options = options;
    const { signal: stopped } = this.#stop;
    this.#signal = options.signal === undefined ? stopped : AbortSignal.any([options.signal, stopped]);
  }

  async run(): Promise<ManyResult> {
    for (let first = 0; first < IN_FLIGHT_AT_FIRST; first += 1) this.#startWorker();
    // More workers are added while the first are awaited.
    for (const worker of this.#workers) await worker;
    await this.#supply.close();
    const { done, skipped, failed } = this.#tally;
    if (this.#ended === null) return { ...this.#tally, ended: this.#findDenial(isAllDenied) ?? this.#findOutage() };
    const { error } = this.#ended;
    const hasStarted = done + skipped + failed > 0;
    if (!hasStarted || !(error instanceof BreakwaterError) || error.code === 'internal') throw error;
    return { ...this.#tally, ended: error };
  }

  #startWorker(): void {
    if (this.#workers.length < this.#options.objectsInFlight) this.#workers.push(this.#work());
  }

  async #work(): Promise<void> {
    try {
      while (this.#ended === null) {
        const wait = this.#options.beforeEach(this.#signal);
        if (wait !== null) await wait;
        // A promise only where the source must be waited for: each costs a small object time.
        const taken = this.#supply.take();
        const item = taken instanceof Promise ? await this.#orEnd(taken) : taken;
        if (this.#ended !== null || item === null) return;
        await this.#run(item);
      }
    } catch (error) {
      this.#ended ??= { error };
      this.#stop.abort(error);
    }
  }

  /** Null if the source has failed: what is in flight then was listed before, and ends by itself. */
  async #orEnd(taken: Promise<T | null>): Promise<T | null> {
    try {
      return await taken;
    } catch (error) {
      this.#ended ??= { error };
      return null;
    }
  }

  async #run(item: T): Promise<void> {
    const tally = this.#tally;
    try {
      const { bytes, isSkipped = false, verifiedBy } = await this.#transfer(item, this.#signal);
      tally.bytes += bytes;
      if (isSkipped) tally.skipped += 1;
      else {
        tally.done += 1;
        if (verifiedBy === null) tally.unverified += 1;
        if (this.#options.hasRoom()) this.#startWorker();
      }
    } catch (error) {
      if (!(error instanceof BreakwaterError) || endsTheRun(error)) throw error;
      // Those in flight were told to stop, and may report that as their own denial.
      if (this.#findDenial(shouldEndDenied) !== null) return;
      tally.failed += 1;
      if (isDenial(error)) this.#denied += 1;
      if (error.code === 'unavailable') this.#unavailable += 1;
      if (tally.failures.length < FAILURES_NAMED_MAX) tally.failures.push({ name: item.name, error });
      // If the circuit opened during its retries, the next item would be refused.
      const { cause } = error;
      if (cause instanceof BreakwaterError && cause.code === 'circuit_open') throw cause;
      const denial = this.#findDenial(shouldEndDenied);
      if (denial !== null) throw denial;
    }
  }

  /** The error of a run in which S3 failed every item: what happened is an outage, not a part of a success. */
  #findOutage(): BreakwaterError | null {
    const { done, skipped, failed, failures } = this.#tally;
    const [first] = failures;
    const isOutage = first !== undefined && this.#unavailable === failed && done + skipped === 0;
    return isOutage ? allUnavailableError(failed, first.error) : null;
  }

  /** The error of a run that was denied, by this rule; null if it was not. */
  #findDenial(rule: typeof isAllDenied): BreakwaterError | null {
    const [first] = this.#tally.failures;
    const run = { ...this.#tally, denied: this.#denied };
    return first !== undefined && rule(run) ? allDeniedError(run, first.error, this.#options.asked) : null;
  }
}
