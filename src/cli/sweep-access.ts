import { once } from '../once.ts';
import type { ObjectAccess } from '../s3/connection/request-shape.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { openUnfinishedWork } from '../state/stored-work.ts';
import { limitTime, type TimeLimit } from '../sweep/time-limit.ts';
import { findRunningUploads } from '../transfer/put/resume-upload.ts';
import type { UnfinishedWork } from '../unfinished-work.ts';
import type { CommandRun } from './command-run.ts';
import { claimInFleet } from './fleet/fleet-claims.ts';
import { connectWithoutCircuit } from './s3-access.ts';

interface SweepAccess {
  readonly time: TimeLimit;
  /** Connects once, on first use. @throws BreakwaterError `config` */
  readonly connect: () => Promise<ObjectStore>;
  /** The checkpoints and claims of sweeps; in a fleet, its claims hold over all hosts. */
  readonly unfinished: UnfinishedWork;
  /** The ids of uploads that live processes on this machine are sending. */
  readonly findRunning: () => Promise<ReadonlySet<string>>;
}

/** The resources of a sweep: S3 without a circuit, a time limit, and the saved state of earlier sweeps. */
export function openSweepAccess(
  run: CommandRun,
  { maxMs, access }: { readonly maxMs: number | null; readonly access: ObjectAccess },
): SweepAccess {
  const time = limitTime(run, maxMs);
  return {
    time,
    connect: once(async () => await connectWithoutCircuit(run, { signal: time.signal, access })),
    unfinished: claimInFleet(run, openUnfinishedWork(run, 'sweep')),
    findRunning: async () => await findRunningUploads(openUnfinishedWork(run, 'upload')),
  };
}
