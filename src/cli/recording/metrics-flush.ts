import type { ActivitySlot } from '../../activity.ts';
import { every } from '../../abort.ts';
import type { EventSink } from '../../events.ts';
import { ActivityRecorder } from '../../metrics/activity-recorder.ts';
import { capBuckets, MetricsRecorder } from '../../metrics/recorder.ts';
import { checkProcess } from '../../state/process-identity.ts';
import type { MetricDeltas, State } from '../../state/state.ts';
import type { OperationName } from '../../operations.ts';
import type { CommandRun } from '../command-run.ts';

/** How often a long-running command saves its metrics, in ms. */
const FLUSH_EVERY_MS = 15_000;

export interface MetricsFlush {
  /** Reads the events of the command. */
  readonly read: EventSink;
  /** Saves the remaining metrics; opens no state if there are none. @returns all metrics of the command */
  readonly close: () => Promise<MetricDeltas>;
}

interface FlushOptions extends Pick<CommandRun, 'clock' | 'emit' | 'state' | 'reopenState'> {
  /** The full name of an operation's circuit; null if it has none. */
  readonly circuitOf: (operation: OperationName) => string | null;
}

/** Saves a command's metrics in the local state, during the run and at its end. */
export function startMetricsFlush(options: FlushOptions): MetricsFlush {
  const { clock, state: openState, reopenState, circuitOf } = options;
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
    // Kept for the last flush.
    if (state.problem() !== null) return;
    recorder.clear();
    addActivity(state, slots, options);
  };
  const flushLast = async (): Promise<void> => {
    if (recorder.isEmpty) return;
    // Another process may have released the lock by now: leave the in-memory state used until then.
    const state = (await openState()).problem() === 'locked' ? await reopenState() : await openState();
    add(state);
    recorder.clear();
    addActivity(state, activity.take(), options);
    cleanUp(state, options);
  };
  // A flush fails only because of a bug, which the last flush reports.
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

/** Only the live screen uses it, so a failure is just a warning. */
function addActivity(state: State, slots: readonly ActivitySlot[], { clock, emit }: FlushOptions): void {
  if (slots.length === 0 || state.problem() !== null) return;
  try {
    state.activity.add(slots, clock.now());
  } catch (error) {
    emit({ kind: 'warning', reason: 'activity', message: `the recent activity was not saved: ${String(error)}` });
  }
}

/** At the end of a command, and rarely: never while a transfer waits for it. */
function cleanUp(state: State, { clock }: FlushOptions): void {
  const nowMs = clock.now();
  if (state.problem() !== null || !state.cleanUp.isDue(nowMs)) return;
  state.cleanUp.run({ nowMs, checkOwner: checkProcess });
}
