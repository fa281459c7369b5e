import type { Clock } from '../clock.ts';
import type { EventSink, OperationName } from '../events.ts';
import { ActivityRecorder } from '../metrics/activity-recorder.ts';
import { capBuckets, MetricsRecorder } from '../metrics/recorder.ts';
import type { MetricDeltas, State } from '../state/state.ts';

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
  readonly openState: () => Promise<State>;
  /** Full name of the circuit that guards an operation of this command; null for none. */
  readonly circuitOf: (operation: OperationName) => string | null;
}

/** Adds what a command measures to the local state: while it runs, and at its end, whichever way it ends. */
export function startMetricsFlush({ clock, openState, circuitOf }: FlushOptions): MetricsFlush {
  const recorder = new MetricsRecorder(clock);
  const whole = new MetricsRecorder(clock);
  const activity = new ActivityRecorder(clock, circuitOf);
  const stopped = new AbortController();
  const flush = async (): Promise<void> => {
    if (recorder.isEmpty) return;
    const state = await openState();
    const deltas = recorder.take();
    const slots = activity.take();
    state.metrics.add((buckets) => capBuckets(deltas, buckets));
    if (slots.length > 0) state.activity.add(slots, clock.now());
  };
  const flushNowAndThen = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(FLUSH_EVERY_MS, stopped.signal);
      await flush();
    }
  };
  // Ends with the abort of its sleep. A flush fails for bugs only, and the one at the end tells of them.
  flushNowAndThen().catch(() => undefined);
  return {
    read: (event) => {
      recorder.read(event);
      whole.read(event);
      activity.read(event);
    },
    close: async () => {
      stopped.abort();
      await flush();
      return whole.take();
    },
  };
}
