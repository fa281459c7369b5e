import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUCKETS_MAX } from '../../../../src/metrics/recorder.ts';
import { countIn, createFlushStage, finished } from '../../../support/metrics-flush.ts';

describe('the metrics of a command', () => {
  it('are saved every 15 s while it runs, and the rest at its end, each once', async () => {
    await using stage = await createFlushStage();
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

  it('open no state if nothing was measured', async () => {
    await using stage = await createFlushStage();
    await stage.clock.advance(60_000);
    await stage.flush.close();
    expect(stage.opened).toEqual({ count: 0, again: 0 });
  });

  it('survive unwritable activity with one warning', async () => {
    await using stage = await createFlushStage((state) => ({
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

  it('survive unreadable rows of activity: the file stays, the slot starts again', async () => {
    await using stage = await createFlushStage();
    const { files, flush } = stage;
    flush.read(finished());
    await flush.close();
    const database = new DatabaseSync(join(files.directory, 'state.db'));
    database.exec("UPDATE activity SET durations = 'nonsense'");
    await using other = await createFlushStage();
    expect(files.open().activity.read(0)).toEqual([]);
    files.open().activity.add([{ ...slotOf(database), successes: 5 }], other.clock.now());
    database.close();
    expect(files.open().activity.read(0)).toMatchObject([{ successes: 5 }]);
    expect([countIn(files), files.warnings]).toEqual([1, []]);
  });

  it('put buckets beyond the cap under one name, also in the deltas for a push', async () => {
    await using stage = await createFlushStage();
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
