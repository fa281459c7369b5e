import { SLOT_MS, type ActivitySlot } from '../activity.ts';
import { assertNever } from '../errors.ts';
import type { Clock } from '../clock.ts';
import type { Event } from '../events.ts';
import { DurationHistogram } from './duration-histogram.ts';
import type { OperationName } from '../operations.ts';

/** Retries counted separately; later ones count with the last. */
const RETRIES_MAX = 5;

type Counting = { -readonly [Name in keyof Omit<ActivitySlot, 'durations'>]: ActivitySlot[Name] } & {
  readonly durations: DurationHistogram;
  readonly retries: number[];
};

/** Counts one process's operations per circuit and time slot, for the live screen. */
export class ActivityRecorder {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #circuitOf: (operation: OperationName) => string | null;
  readonly #circuits = new Map<OperationName, string | null>();
  #slots: Counting[] = [];

  /** @param circuitOf the full name of an operation's circuit, or null for none */
  constructor(clock: Pick<Clock, 'now'>, circuitOf: (operation: OperationName) => string | null) {
    this.#clock = clock;
    this.#circuitOf = circuitOf;
  }

  readonly read = (event: Event): void => {
    if (event.kind === 'operation_finished') this.#finish(event);
    if (event.kind === 'retry_scheduled') {
      const slot = this.#slotOf(event.operation);
      const index = Math.min(event.retry, RETRIES_MAX) - 1;
      if (slot !== null) slot.retries[index] = (slot.retries[index] ?? 0) + 1;
    }
  };

  /** Returns everything since the last call; counting restarts at 0. */
  take(): readonly ActivitySlot[] {
    const taken = this.#slots;
    this.#slots = [];
    return taken.map((slot) => ({ ...slot, durations: slot.durations.counts }));
  }

  #finish({ operation, result, durationMs }: Extract<Event, { kind: 'operation_finished' }>): void {
    const slot = this.#slotOf(operation);
    if (slot === null) return;
    switch (result) {
      case 'success':
        slot.successes += 1;
        break;
      case 'error':
        slot.errors += 1;
        break;
      case 'circuit_open':
        slot.refused += 1;
        return;
      case 'interrupted':
        return;
      default:
        assertNever(result);
    }
    slot.durations.add(durationMs / 1000);
  }

  #slotOf(operation: OperationName): Counting | null {
    const circuit = this.#nameCircuit(operation);
    if (circuit === null) return null;
    const nowMs = this.#clock.now();
    const slotMs = nowMs - (nowMs % SLOT_MS);
    // A command has few circuits, and takes the slots every few seconds.
    const known = this.#slots.find((slot) => slot.slotMs === slotMs && slot.circuit === circuit);
    if (known !== undefined) return known;
    const slot = emptySlot(circuit, slotMs);
    this.#slots.push(slot);
    return slot;
  }

  #nameCircuit(operation: OperationName): string | null {
    const known = this.#circuits.get(operation);
    if (known !== undefined) return known;
    const circuit = this.#circuitOf(operation);
    this.#circuits.set(operation, circuit);
    return circuit;
  }
}

function emptySlot(circuit: string, slotMs: number): Counting {
  return {
    circuit,
    slotMs,
    successes: 0,
    errors: 0,
    refused: 0,
    durations: new DurationHistogram(),
    retries: Array.from({ length: RETRIES_MAX }, () => 0),
  };
}
