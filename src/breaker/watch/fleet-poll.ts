import { FleetFailure } from '../../circuit/fleet-store.ts';
import { BreakwaterError } from '../../errors.ts';
import type { BreakerContext, ShownFleet } from '../breaker-context.ts';
import { countRefused, findOutage } from '../inspect-circuits.ts';
import { readFleetFacts, showFleetCircuit, type FleetFacts } from '../fleet-facts.ts';
import type { WatchedFleet } from './snapshot.ts';

/** How often the engine is asked, in ms: one round trip, and one more for each circuit that has changed its state. */
export const POLL_MS = 2000;

/** The fleet as it was last seen. */
export interface SeenFleet {
  /** Null while the engine cannot be asked. */
  readonly facts: FleetFacts | null;
  /** When they were read, on the monotonic clock, in ms. */
  readonly readAtMs: number;
  /** Calls of this host that were refused since the circuit opened, in the order of the facts. */
  readonly refused: readonly number[];
  readonly problem: WatchedFleet['problem'];
  /** When the engine last answered, on the monotonic clock, in ms; null if it never did. */
  readonly answeredAtMs: number | null;
  readonly fleet: ShownFleet;
}

/** Asks the engine in the background, so that one that never answers delays neither keys nor this host's circuits. */
export class FleetPoll {
  readonly #context: BreakerContext;
  #seen: SeenFleet | null = null;
  /** Kept while the engine cannot be asked, so that histories are not read again. */
  #lastFacts: FleetFacts | null = null;
  #isAsking = false;
  #askedAtMs: number | null = null;

  constructor(context: BreakerContext) {
    this.#context = context;
  }

  /** What was last seen; null without a fleet, and before its first answer. Asks again if that is long ago. */
  look(names: readonly string[]): SeenFleet | null {
    const nowMs = this.#context.clock.monotonic();
    const isDue = this.#askedAtMs === null || nowMs - this.#askedAtMs >= POLL_MS;
    if (isDue && !this.#isAsking) {
      this.#isAsking = true;
      this.#askedAtMs = nowMs;
      void this.#ask(names).finally(() => (this.#isAsking = false));
    }
    return this.#seen;
  }

  /** The next look asks. */
  forget(): void {
    this.#askedAtMs = null;
  }

  async #ask(names: readonly string[]): Promise<void> {
    const { clock, settings } = this.#context;
    const fleet = await this.#context.fleet().catch(() => null);
    if (fleet === null) return;
    try {
      const facts = await readFleetFacts(fleet.store, { names, settings, before: this.#lastFacts });
      this.#lastFacts = facts;
      const refused = await this.#countRefused(facts, fleet);
      const readAtMs = clock.monotonic();
      this.#seen = { facts, readAtMs, refused, problem: null, answeredAtMs: fleet.store.answeredAtMs(), fleet };
    } catch (error) {
      // The watch ends, and what was last seen stays.
      if (error instanceof BreakwaterError) return;
      const code = error instanceof FleetFailure ? error.code : 'internal';
      // That it failed a moment ago says less than why.
      const problem = code === 'failed_recently' ? (this.#seen?.problem ?? code) : code;
      const answeredAtMs = fleet.store.answeredAtMs();
      this.#seen = { facts: null, readAtMs: clock.monotonic(), refused: [], problem, answeredAtMs, fleet };
    }
  }

  async #countRefused({ circuits, nowMs }: FleetFacts, { member }: ShownFleet): Promise<readonly number[]> {
    const { circuits: refusals } = await this.#context.state();
    const { probeLeaseMs } = this.#context.settings;
    return circuits.map((circuit) =>
      countRefused(refusals, showFleetCircuit(circuit, { nowMs, probeLeaseMs, member }), findOutage(circuit.history)),
    );
  }
}
