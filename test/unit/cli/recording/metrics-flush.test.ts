import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startMetricsFlush } from '../../../../src/cli/recording/metrics-flush.ts';
import type { Event } from '../../../../src/events.ts';
import { BUCKETS_MAX } from '../../../../src/metrics/recorder.ts';
import type { State } from '../../../../src/state/state.ts';
import { createTestState, type TestState } from '../../../support/state.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function finished(bucket = 'b'): Event {
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

interface Stage {
  readonly clock: VirtualClock;
  readonly files: TestState;
  readonly events: Event[];
  readonly flush: ReturnType<typeof startMetricsFlush>;
  /** How often the state was asked for, and how often it was opened again. */
  readonly opened: { count: number; again: number };
}

/** @param change what to put in the place of the real state */
async function createStage(change: (state: State) => State = (state) => state): Promise<Stage & AsyncDisposable> {
  const clock = new VirtualClock();
  const files = await createTestState();
  const events: Event[] = [];
  const opened = { count: 0, again: 0 };
  let state: State | null = null;
  const flush = startMetricsFlush({
    clock,
    emit: (event) => events.push(event),
    openState: async () => {
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
function countIn(files: TestState, bucket = 'b'): number | undefined {
  const series = files.open().metrics.read().counters;
  return series.find(({ labels }) => labels['bucket'] === bucket && labels['result'] === 'success')?.value;
}

describe('the metrics of a command', () => {
  it('are added every 15 s while it runs, and the rest at its end: each once', async () => {
    await using stage = await createStage();
    const { clock, files, flush } = stage;
    flush.read(finished());
    await clock.advance(14_999);
    expect(countIn(files)).toBeUndefined();
    await clock.advance(1);
    expect(countIn(files)).toBe(1);
    flush.read(finished());
    flush.read(finished());
    await clock.advance(15_000);
    expect(countIn(files)).toBe(3);
    flush.read(finished());
    const whole = await flush.close();
    expect(countIn(files)).toBe(4);
    expect(whole.counters.find(({ labels }) => labels['result'] === 'success')?.value).toBe(4);
    expect(files.open().activity.read(0)).toMatchObject([{ successes: 1 }, { successes: 2 }, { successes: 1 }]);
  });

  it('open no state where nothing was measured', async () => {
    await using stage = await createStage();
    await stage.clock.advance(60_000);
    await stage.flush.close();
    expect(stage.opened).toEqual({ count: 0, again: 0 });
  });

  it('are kept when the file was locked for once, and added at the end', async () => {
    await using stage = await createStage();
    const { clock, files, flush, opened } = stage;
    files.open().metrics.clear();
    const holder = new DatabaseSync(join(files.directory, 'state.db'));
    holder.exec('BEGIN IMMEDIATE');
    flush.read(finished());
    await clock.advance(15_000);
    expect(files.warnings).toEqual([expect.stringMatching(/locked/)]);
    flush.read(finished());
    await clock.advance(15_000);
    holder.exec('ROLLBACK');
    holder.close();
    flush.read(finished());
    await flush.close();
    expect([countIn(files), opened.again]).toEqual([3, 1]);
  });

  it('survive an activity that cannot be written: one warning', async () => {
    await using stage = await createStage((state) => ({
      ...state,
      activity: {
        ...state.activity,
        add: () => {
          throw new Error('no such column');
        },
      },
    }));
    const { clock, files, flush, events } = stage;
    flush.read(finished());
    await clock.advance(15_000);
    flush.read(finished());
    await flush.close();
    expect(countIn(files)).toBe(2);
    expect(events).toMatchObject([
      { kind: 'warning', reason: 'activity', message: expect.stringMatching(/no such column/) },
      { kind: 'warning', reason: 'activity' },
    ]);
  });

  it('survive rows of activity that cannot be read: the file stays, the slot begins anew', async () => {
    await using stage = await createStage();
    const { files, flush } = stage;
    flush.read(finished());
    await flush.close();
    const database = new DatabaseSync(join(files.directory, 'state.db'));
    database.exec("UPDATE activity SET durations = 'nonsense'");
    await using other = await createStage();
    expect(files.open().activity.read(0)).toEqual([]);
    files.open().activity.add([{ ...slotOf(database), successes: 5 }], other.clock.now());
    database.close();
    expect(files.open().activity.read(0)).toMatchObject([{ successes: 5 }]);
    expect([countIn(files), files.warnings]).toEqual([1, []]);
  });

  it('leave a bucket beyond the cap in one name, also in what a command hands out for a push', async () => {
    await using stage = await createStage();
    const { clock, files, flush } = stage;
    const state = files.open();
    for (let index = 0; index < BUCKETS_MAX; index += 1) {
      const labels = { operation: 'put_object', bucket: `old-${index}`, result: 'success' };
      state.metrics.add(() => ({
        counters: [{ family: 's3_operations_total', labels, value: 1 }],
        gauges: [],
        histograms: [],
        refusals: [],
      }));
    }
    flush.read(finished('late'));
    await clock.advance(15_000);
    flush.read(finished('late'));
    const whole = await flush.close();
    expect([countIn(files, 'late'), countIn(files, '_other')]).toEqual([undefined, 2]);
    expect(new Set(whole.counters.map(({ labels }) => labels['bucket']))).toEqual(new Set(['_other']));
  });
});

function slotOf(database: DatabaseSync) {
  const { circuit, slot_ms: slotMs } = database.prepare('SELECT circuit, slot_ms FROM activity').get() as {
    circuit: string;
    slot_ms: number;
  };
  return { circuit, slotMs, successes: 0, errors: 0, refused: 0, durations: [1, 2], retries: [0] };
}
