import { startMetricsFlush } from '../../src/cli/recording/metrics-flush.ts';
import type { Event } from '../../src/events.ts';
import type { State } from '../../src/state/state.ts';
import { createTestState, type TestState } from './state.ts';
import { VirtualClock } from './virtual-clock.ts';

export function finished(bucket = 'b'): Event {
  return {
    kind: 'operation_finished',
    operation: 'put_object',
    bucket,
    result: 'success',
    code: null,
    durationMs: 30,
    bytes: 7,
  };
}

/**
 * The metrics of one command on virtual time, and the file that they go to.
 * @param change what to put in the place of the real state
 */
export async function createFlushStage(change: (state: State) => State = (state) => state) {
  const clock = new VirtualClock();
  const files = await createTestState();
  const events: Event[] = [];
  /** How often the state was asked for, and how often it was opened again. */
  const opened = { count: 0, again: 0 };
  let state: State | null = null;
  const flush = startMetricsFlush({
    clock,
    emit: (event) => events.push(event),
    state: async () => {
      opened.count += 1;
      return await Promise.resolve((state ??= change(files.open())));
    },
    reopenState: async () => {
      opened.again += 1;
      return await Promise.resolve((state = files.open()));
    },
    circuitOf: () => 's3-upload@x',
  });
  return { clock, files, events, flush, opened, [Symbol.asyncDispose]: async () => await files[Symbol.asyncDispose]() };
}

/** What another process would read. */
export function countIn(files: TestState, bucket = 'b'): number | undefined {
  const series = files.open().metrics.read().counters;
  return series.find(({ labels }) => labels['bucket'] === bucket && labels['result'] === 'success')?.value;
}
