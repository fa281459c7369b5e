import type { ProcessIdentity } from './circuit/circuit.ts';

/** Length of an activity slot, in ms. */
export const SLOT_MS = 10_000;

/** How long activity is kept, in ms. */
export const ACTIVITY_KEPT_MS = 3_600_000;

/** The activity of one circuit in one slot, summed over all processes. */
export interface ActivitySlot {
  /** Full name. */
  readonly circuit: string;
  /** Start of the slot, in ms since the Unix epoch; a multiple of `SLOT_MS`. */
  readonly slotMs: number;
  readonly successes: number;
  readonly errors: number;
  readonly refused: number;
  /** Counts for the buckets of `s3_operation_duration_seconds`, not cumulative. */
  readonly durations: readonly number[];
  /** Counts by retry number: first retries first; the last entry also counts all later ones. */
  readonly retries: readonly number[];
}

/** A running transfer or sweep, as last reported by its process. */
export interface Job {
  readonly id: string;
  readonly process: ProcessIdentity;
  /** `s3://bucket/key`; null before the first object. */
  readonly target: string | null;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  readonly movedBytes: number;
  readonly totalBytes: number | null;
  readonly objectsStarted: number;
  readonly objectsDone: number;
  readonly objectsFailed: number;
}
