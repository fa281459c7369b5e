import { describe, expect, it } from 'vitest';
import type { Job } from '../../../../src/activity.ts';
import { startJobReport } from '../../../../src/cli/recording/job-report.ts';
import type { Event } from '../../../../src/events.ts';
import type { State } from '../../../../src/state/state.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { PUT } from '../../../support/watch.ts';

const START: Event = { kind: 'operation_started', operation: 'put_object', bucket: 'b', key: 'a' };

/** A report whose state only notes what it is told. */
function open() {
  const clock = new VirtualClock(1_000_000);
  const jobs = new Map<string, Job>();
  let tells = 0;
  const state = {
    jobs: {
      put: (job: Job) => {
        tells += 1;
        jobs.set(job.id, job);
      },
      remove: (id: string) => jobs.delete(id),
    },
  } as unknown as State;
  const report = startJobReport({
    clock,
    state: async () => await Promise.resolve(state),
    processIdentity: () => PUT,
  });
  return { clock, report, jobs: () => [...jobs.values()], tells: () => tells };
}

describe('startJobReport', () => {
  it('reports a transfer after its first second, then every 2 s, and removes it at the end', async () => {
    const { clock, report, jobs, tells } = open();
    report.read(START);
    report.read({ kind: 'transfer_started', name: 's3://b/a', totalBytes: 100 });
    await clock.advance(999);
    expect(tells()).toBe(0);
    await clock.advance(1);
    report.read({ kind: 'bytes_moved', name: 's3://b/a', bytes: 40 });
    await clock.advance(2000);
    expect(jobs()).toMatchObject([
      {
        process: PUT,
        target: 's3://b/a',
        startedAtMs: 1_000_000,
        updatedAtMs: 1_003_000,
        movedBytes: 40,
        totalBytes: 100,
      },
    ]);
    expect(tells()).toBe(2);
    await report.close();
    await clock.advance(60_000);
    expect([jobs(), tells(), clock.sleeping]).toEqual([[], 2, 0]);
  });

  it('reports nothing for a shorter transfer', async () => {
    const { clock, report, tells } = open();
    report.read(START);
    await clock.advance(900);
    await report.close();
    await clock.advance(60_000);
    expect([tells(), clock.sleeping]).toEqual([0, 0]);
  });

  it('counts finished and failed objects, of transfers and of sweeps', async () => {
    const { clock, report, jobs } = open();
    report.read(START);
    for (const ok of [true, true, false]) {
      report.read({ kind: 'transfer_started', name: 's3://b/a', totalBytes: 1 });
      report.read({ kind: 'transfer_finished', name: 's3://b/a', ok });
    }
    report.read({ kind: 'objects_swept', bucket: 'b', matched: 14, deleted: 10, changed: 0, failed: 4, bytes: 0 });
    await clock.advance(1000);
    expect(jobs()).toMatchObject([{ objectsStarted: 3, objectsDone: 12, objectsFailed: 5 }]);
    await report.close();
  });

  it('names a sweep by its bucket', async () => {
    const { clock, report, jobs } = open();
    report.read({ kind: 'operation_started', operation: 'list_objects', bucket: 'b' });
    report.read({ kind: 'objects_swept', bucket: 'b', matched: 1, deleted: 1, changed: 0, failed: 0, bytes: 0 });
    await clock.advance(1000);
    expect(jobs()).toMatchObject([{ target: 's3://b/' }]);
    await report.close();
  });
});
