import type { Clock } from '../clock.ts';

/** So many new connections in a row that were turned away are no accident. */
const TURNED_AWAY_MIN = 3;

/** How long a limit holds after the last connection that was turned away, in ms. */
const HOLDS_MS = 10_000;

/**
 * A limit that a server, or a proxy before it, shows by turning new connections away, one after another, while others work:
 * those that work are then enough. Otherwise each further request would try a new one, fail, and use up its retries.
 */
export class NarrowedLimit {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #connectionsMax = Infinity;
  #untilMs = 0;
  #turnedAway = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Infinity for none. */
  get connectionsMax(): number {
    return this.#clock.monotonic() < this.#untilMs ? this.#connectionsMax : Infinity;
  }

  /**
   * Call for a connection that the other side has ended, or not taken, without a byte of an answer.
   * @param working how many others have answered; with none, it is the server that is down
   */
  noteTurnedAway(working: number): void {
    this.#turnedAway += 1;
    if (working === 0 || this.#turnedAway < TURNED_AWAY_MIN) return;
    this.#connectionsMax = working;
    this.#untilMs = this.#clock.monotonic() + HOLDS_MS;
  }

  /** Call for the first answer on a connection: there was room for it. */
  noteTaken(): void {
    this.#turnedAway = 0;
  }
}
