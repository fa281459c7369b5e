import type { Clock } from '../clock.ts';

/** So many that work leave no doubt that the server is well, and takes no more. Fewer may be what is left of one that goes down. */
const CONNECTIONS_SURE = 16;

/** How long a limit holds after the last connection that did not work, in ms. */
const HOLDS_MS = 10_000;

/**
 * A limit that a server, or a proxy before it, shows by turning connections away while others work: those that work are
 * then enough. Otherwise each further request would try a new one, fail, and use up its retries.
 */
export class NarrowedLimit {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #connectionsMax = Infinity;
  #untilMs = 0;
  #turnedAway = 0;
  #countedUntilMs = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Infinity for none. */
  get connectionsMax(): number {
    return this.#clock.monotonic() < this.#untilMs ? this.#connectionsMax : Infinity;
  }

  /** Call for a connection that has ended without a byte of an answer. @param working how many others have answered */
  note(working: number): void {
    const nowMs = this.#clock.monotonic();
    this.#turnedAway = nowMs < this.#countedUntilMs ? this.#turnedAway + 1 : 1;
    this.#countedUntilMs = nowMs + HOLDS_MS;
    const isLimit = working >= CONNECTIONS_SURE || (working > 0 && this.#turnedAway > working);
    if (!isLimit) return;
    this.#connectionsMax = working;
    this.#untilMs = nowMs + HOLDS_MS;
  }
}
