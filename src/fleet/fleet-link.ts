import { after, onAbort } from '../abort.ts';
import { FleetFailure, type FleetFailureCode } from '../circuit/fleet-store.ts';
import type { Clock } from '../clock.ts';
import { once } from '../once.ts';
import type { Engine } from './engine.ts';
import type { Ask } from './fleet-store.ts';

/** After a failure, no process of this host asks again for this long, in ms. */
export const FAILURE_KEPT_MS = 5000;

/**
 * Of the timeout, loading the client takes this share at most. What takes longer is the fault of a cold or busy machine,
 * on which no call would ever get an answer in time.
 */
const LOADING_SHARE_MAX = 1 / 8;

/**
 * What is asked while the command ends, or after that, is waited for at most this long, in ms, as with the default timeout:
 * an engine that is well takes back a probe's lease meanwhile, which would else refuse all hosts until it expires.
 */
const LAST_ASK_MS = 150;

/** Others were faster, may do more, or know more: the engine is well, and answers other calls at once. */
const SAYS_NOTHING_OF_THE_ENGINE: ReadonlySet<FleetFailureCode> = new Set(['contended', 'no_permission', 'newer_row']);

/** Where the last failure of an engine is kept, for all processes of this host. */
export interface FailureMemory {
  /** When it last failed, on the wall clock, in ms; null if it is not known to have failed. */
  readonly read: () => number | null;
  readonly note: () => void;
}

/** Connects to the engine; the signal destroys whatever is under way. */
type Connect = (signal: AbortSignal) => Promise<Engine>;

interface FleetLinkOptions {
  /** Loads the client, once an engine is to be asked: not while it is known to have failed. */
  readonly load: () => Promise<Connect>;
  readonly toFailure: (error: unknown) => FleetFailure;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly failures: FailureMemory;
  /** Aborts when the command is to end, with the error that it ends with. @default never */
  readonly signal?: AbortSignal;
}

/** The one connection of a command to its engine: opened by the first call, and ended by the first failure. */
export class FleetLink {
  readonly #options: FleetLinkOptions;
  readonly #load: () => Promise<Connect>;
  #engine: Promise<Engine> | null = null;
  #opened: Engine | null = null;
  #answeredAtMs: number | null = null;
  #isClosed = false;

  constructor(options: FleetLinkOptions) {
    this.#options = options;
    this.#load = once(options.load);
  }

  /** When the engine last answered, on the monotonic clock, in ms; null if it never did. */
  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  /**
   * Runs work on the engine, for at most the timeout in all.
   * @throws FleetFailure; the reason of the signal, if that has ended the wait
   */
  readonly ask: Ask = async (work) => {
    const { clock, failures, timeoutMs, toFailure, signal = NEVER } = this.#options;
    const failedAtMs = failures.read();
    if (failedAtMs !== null && isRecent(failedAtMs, clock.now())) throw new FleetFailure('failed_recently');
    const stop = new AbortController();
    const startedAtMs = clock.monotonic();
    const connect = await this.#load();
    const loadingMs = Math.min(clock.monotonic() - startedAtMs, timeoutMs * LOADING_SHARE_MAX);
    const isLate = signal.aborted;
    using ending = isLate ? null : endSoon({ clock, signal, stop });
    try {
      const value = await withinBudget(
        { clock, timeoutMs: isLate ? Math.min(timeoutMs, LAST_ASK_MS) : timeoutMs - loadingMs, stop },
        async () => await work(await this.#connect(connect, stop), stop.signal),
      );
      this.#answeredAtMs = clock.monotonic();
      return value;
    } catch (error) {
      if (ending?.hasEnded === true) {
        // Whoever asks next, to give back what the command holds, needs a connection.
        if (this.#opened === null) this.#engine = null;
        throw signal.reason;
      }
      const failure = toFailure(error);
      if (!SAYS_NOTHING_OF_THE_ENGINE.has(failure.code)) {
        this.#disconnect();
        // A call in flight when the command ends, or a short one after that, says nothing about the engine.
        if (!this.#isClosed && !isLate) failures.note();
      }
      throw failure;
    }
  };

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#opened?.close();
    this.#opened = null;
    this.#engine = null;
  }

  /** All calls share a connection, and the budget of the call that opens it. */
  async #connect(connect: Connect, { signal }: AbortController): Promise<Engine> {
    if (this.#opened?.isOpen() === false) this.#disconnect();
    this.#engine ??= this.#open(connect, signal);
    return await this.#engine;
  }

  async #open(connect: Connect, signal: AbortSignal): Promise<Engine> {
    const engine = await connect(signal);
    if (signal.aborted) engine.close();
    signal.throwIfAborted();
    this.#opened = engine;
    return engine;
  }
}

/** A time in the future was kept by a clock that was ahead. */
function isRecent(failedAtMs: number, nowMs: number): boolean {
  return failedAtMs <= nowMs && nowMs - failedAtMs < FAILURE_KEPT_MS;
}

const NEVER = new AbortController().signal;

interface Ending extends Disposable {
  /** Whether it has ended the work. */
  readonly hasEnded: boolean;
}

/** Ends work a moment after the signal, with its reason. */
function endSoon({ clock, signal, stop }: Pick<Budget, 'clock' | 'stop'> & { readonly signal: AbortSignal }): Ending {
  let timer: Disposable | null = null;
  let hasEnded = false;
  const listening = onAbort(signal, (reason) => {
    timer = after(clock, LAST_ASK_MS, () => {
      hasEnded = !stop.signal.aborted;
      stop.abort(reason);
    });
  });
  return {
    get hasEnded() {
      return hasEnded;
    },
    [Symbol.dispose]: () => {
      listening[Symbol.dispose]();
      timer?.[Symbol.dispose]();
    },
  };
}

interface Budget {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly timeoutMs: number;
  readonly stop: AbortController;
}

/** Ends with the work, or at the latest after `timeoutMs`, whatever the work does then. @throws FleetFailure `timeout` */
async function withinBudget<T>({ clock, timeoutMs, stop }: Budget, work: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  using _stopping = onAbort(stop.signal, late.reject);
  // In a busy process the timer may run before answers that are here already: they get one more turn.
  using _timer = after(clock, timeoutMs, () => void setImmediate(() => stop.abort(new FleetFailure('timeout'))));
  const working = work();
  working.catch(() => undefined);
  return await Promise.race([working, late.promise]);
}
