import { SLOT_MS, type ActivitySlot } from '../activity.ts';
import { assertNever } from '../errors.ts';
import type { Clock } from '../clock.ts';
import type { Event } from '../events.ts';
import { DURATION_BOUNDS_S } from './definitions.ts';
import type { OperationName } from '../operations.ts';

/** Retries counted separately; later ones count with the last. */
const RETRIES_MAX = 5;

type Counting = { -readonly [Name in keyof ActivitySlot]: ActivitySlot[Name] } & {
  durations: number[];
  retries: number[];
};

/** Counts one process's operations per circuit and time slot, for the live screen. */
export class ActivityRecorder {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #circuitOf: (operation: OperationName) => string | null;
  #slots = new Map<string, Counting>();

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
    const taken = [...this.#slots.values()];
    this.#slots = new Map();
    return taken;
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
    const found = DURATION_BOUNDS_S.findIndex((bound) => durationMs / 1000 <= bound);
    const index = found === -1 ? DURATION_BOUNDS_S.length : found;
    slot.durations[index] = (slot.durations[index] ?? 0) + 1;
  }

  #slotOf(operation: OperationName): Counting | null {
    const circuit = this.#circuitOf(operation);
    if (circuit === null) return null;
    const slotMs = Math.floor(this.#clock.now() / SLOT_MS) * SLOT_MS;
    const key = `${slotMs} ${circuit}`;
    const slot = this.#slots.get(key) ?? emptySlot(circuit, slotMs);
    this.#slots.set(key, slot);
    return slot;
  }
}

function emptySlot(circuit: string, slotMs: number): Counting {
  return {
    circuit,
    slotMs,
    successes: 0,
    errors: 0,
    refused: 0,
    durations: zeros(DURATION_BOUNDS_S.length + 1),
    retries: zeros(RETRIES_MAX),
  };
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
