import type { Clock } from '../clock.ts';

/** What every run starts with; a server that takes fewer connections is not one to spare. */
const CONNECTIONS_MIN = 16;

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

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Infinity for none. */
  get connectionsMax(): number {
    return this.#clock.monotonic() < this.#untilMs ? this.#connectionsMax : Infinity;
  }

  /** Call for a connection that has ended without a byte of an answer. @param working how many others have answered */
  note(working: number): void {
    if (working < CONNECTIONS_MIN) return;
    this.#connectionsMax = working;
    this.#untilMs = this.#clock.monotonic() + HOLDS_MS;
  }
}
