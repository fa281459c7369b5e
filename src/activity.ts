import type { ProcessIdentity } from './circuit/circuit.ts';

/** Width of one slot of the recent activity, in ms. */
export const SLOT_MS = 10_000;

/** How far back the activity is kept, in ms. */
export const ACTIVITY_KEPT_MS = 3_600_000;

/** What happened behind one circuit within one slot, over all processes. */
export interface ActivitySlot {
  /** Full name. */
  readonly circuit: string;
  /** Begin of the slot, in ms since the Unix epoch; a multiple of `SLOT_MS`. */
  readonly slotMs: number;
  readonly successes: number;
  readonly errors: number;
  readonly refused: number;
  /** Durations by the buckets of `s3_operation_duration_seconds`, not cumulative. */
  readonly durations: readonly number[];
  /** Retries by number; the first entry counts first retries, the last one all from there on. */
  readonly retries: readonly number[];
}

/** A transfer or sweep that runs, as its process last told. */
export interface Job {
  readonly id: string;
  readonly process: ProcessIdentity;
  /** What it works on: `s3://bucket/key`; null while nothing has begun. */
  readonly target: string | null;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
  readonly movedBytes: number;
  readonly totalBytes: number | null;
  readonly objectsStarted: number;
  readonly objectsDone: number;
  readonly objectsFailed: number;
}
