import { every } from '../../abort.ts';
import type { ActivitySlot } from '../../activity.ts';
import type { Clock } from '../../clock.ts';
import type { EventSink } from '../../events.ts';
import { ActivityRecorder } from '../../metrics/activity-recorder.ts';
import { capBuckets, MetricsRecorder } from '../../metrics/recorder.ts';
import type { MetricDeltas, State } from '../../state/state.ts';
import type { OperationName } from '../../operations.ts';

/** How often a command that runs for long adds what it has measured, in ms. */
const FLUSH_EVERY_MS = 15_000;

export interface MetricsFlush {
  /** Reads the events of the command. */
  readonly read: EventSink;
  /** Adds the rest. A command that measured nothing opens no state. @returns everything that it measured */
  readonly close: () => Promise<MetricDeltas>;
}

interface FlushOptions {
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly openState: () => Promise<State>;
  /** Lets go of a state that lives in memory since the file was locked, and opens the file again. */
  readonly reopenState: () => Promise<State>;
  /** Full name of the circuit that guards an operation of this command; null for none. */
  readonly circuitOf: (operation: OperationName) => string | null;
}

/** Adds what a command measures to the local state: while it runs, and at its end, whichever way it ends. */
export function startMetricsFlush(options: FlushOptions): MetricsFlush {
  const { clock, openState, reopenState, circuitOf } = options;
  const recorder = new MetricsRecorder(clock);
  const whole = new MetricsRecorder(clock);
  const activity = new ActivityRecorder(clock, circuitOf);
  let knownBuckets: ReadonlySet<string> = new Set();
  const add = (state: State): void =>
    state.metrics.add((buckets) => {
      knownBuckets = buckets;
      return capBuckets(recorder.peek(), buckets);
    });
  const flush = async (): Promise<void> => {
    const slots = activity.take();
    if (recorder.isEmpty) return;
    const state = await openState();
    if (state.problem() === null) add(state);
    // What the file has not taken is kept for the end.
    if (state.problem() !== null) return;
    recorder.clear();
    addActivity(state, slots, options);
  };
  const flushLast = async (): Promise<void> => {
    if (recorder.isEmpty) return;
    // Another process had held the lock for too long; by now it may be free.
    const state = (await openState()).problem() === 'locked' ? await reopenState() : await openState();
    add(state);
    recorder.clear();
    addActivity(state, activity.take(), options);
  };
  // A flush fails only because of a bug, and the one at the end reports it.
  const timer = every(clock, FLUSH_EVERY_MS, flush);
  return {
    read: (event) => {
      recorder.read(event);
      whole.read(event);
      activity.read(event);
    },
    close: async () => {
      timer[Symbol.dispose]();
      await flushLast();
      return capBuckets(whole.peek(), knownBuckets);
    },
  };
}

/** Only the live screen looks at it, so it comes last, and its failure is nobody else's. */
function addActivity(state: State, slots: readonly ActivitySlot[], { clock, emit }: FlushOptions): void {
  if (slots.length === 0 || state.problem() !== null) return;
  try {
    state.activity.add(slots, clock.now());
  } catch (error) {
    emit({ kind: 'warning', reason: 'activity', message: `the recent activity was not kept: ${String(error)}` });
  }
}
