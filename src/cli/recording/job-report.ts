import { randomUUID } from 'node:crypto';
import { every } from '../../abort.ts';
import type { Event, EventSink } from '../../events.ts';
import { once } from '../../once.ts';
import type { CommandRun } from '../command-run.ts';
import { TransferFollower, type TransferSnapshot } from '../../ui/progress/progress-snapshot.ts';

/** Transfers shorter than this are not reported, to save a write, in ms. */
const REPORT_AFTER_MS = 1000;
/** How often the progress is reported, in ms. */
const REPORT_EVERY_MS = 2000;

export interface JobReport {
  readonly read: EventSink;
  /** Removes the job from the state. */
  readonly close: () => Promise<void>;
}

/** Records the progress of a transfer or sweep in the local state, for the live screens on this machine. */
export function startJobReport(run: Pick<CommandRun, 'clock' | 'state' | 'processIdentity'>): JobReport {
  const { clock, state: openState, processIdentity } = run;
  const id = once(() => randomUUID());
  let timer: Disposable | null = null;
  let isClosed = false;
  const follower = new TransferFollower();
  let startedAtMs: number | null = null;
  let isReported = false;
  const report = async (): Promise<void> => {
    const state = await openState();
    const process = processIdentity();
    if (isClosed) return;
    isReported = true;
    const nowMs = clock.now();
    state.jobs.put({
      id: id(),
      process,
      startedAtMs: startedAtMs ?? nowMs,
      updatedAtMs: nowMs,
      ...jobFields(follower.snapshot),
    });
  };
  return {
    read: (event: Event) => {
      follower.follow(event, clock.monotonic);
      if (startedAtMs !== null || event.kind !== 'operation_started' || isClosed) return;
      startedAtMs = clock.now();
      timer = every(clock, { firstMs: REPORT_AFTER_MS, everyMs: REPORT_EVERY_MS }, report);
    },
    close: async () => {
      isClosed = true;
      timer?.[Symbol.dispose]();
      if (isReported) (await openState()).jobs.remove(id());
    },
  };
}

function jobFields({ name, started, finished, failed, swept, movedBytes, totalBytes }: TransferSnapshot) {
  return {
    target: name,
    movedBytes,
    totalBytes,
    objectsStarted: started,
    objectsDone: finished + swept,
    objectsFailed: failed,
  };
}
