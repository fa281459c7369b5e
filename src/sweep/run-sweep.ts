import type { UnfinishedWork, WorkClaim } from '../unfinished-work.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { SweepCheckpoint } from './checkpoint.ts';
import { goRound } from './round.ts';
import type { KeySpan, SweepPage } from './sweep-item.ts';
import type { SweepLimits } from './sweep-limits.ts';
import { sweep, type SweepResult } from './sweep.ts';
import type { CommandRun } from '../cli/command-run.ts';
import { NO_REPORT, openSweepReport } from './sweep-report.ts';
import type { TimeLimit } from './time-limit.ts';

interface SweepJob {
  readonly id: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly limits: SweepLimits;
  /** The selection goes by the order of keys: the next sweep can begin where this one stopped. */
  readonly isResumable: boolean;
  /** Where the failures are written; null for nowhere. */
  readonly reportPath: string | null;
}

interface SweepTools {
  readonly store: ObjectStore;
  /** What is to go, of one stretch of the key space. */
  readonly select: (span: KeySpan) => AsyncIterable<SweepPage>;
  readonly unfinished: UnfinishedWork;
  readonly claim: WorkClaim;
  readonly time: TimeLimit;
}

/** One sweep from where the last one stopped, with what it leaves behind: its report and its checkpoint. */
export async function performSweep(run: CommandRun, job: SweepJob, tools: SweepTools): Promise<SweepResult> {
  const { id, bucket, reportPath } = job;
  const { store, select, unfinished, claim, time } = tools;
  const report = reportPath === null ? NO_REPORT : await openSweepReport(reportPath, bucket);
  const checkpoint = job.isResumable ? await SweepCheckpoint.open({ unfinished, id, clock: run.clock }) : null;
  time.begin();
  const result = await sweep(goRound(select, checkpoint?.after ?? null), job, {
    store,
    emit: run.emit,
    signal: time.signal,
    onLeft: report.write,
    onSettled: (span) => checkpoint?.settle(span),
    isOurs: claim.isOurs,
  });
  await checkpoint?.close({ isComplete: result.ending.kind === 'complete' });
  await report.close();
  return result;
}
