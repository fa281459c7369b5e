import { randomUUID } from 'node:crypto';
import type { ProcessIdentity } from '../../circuit/circuit.ts';
import type { Clock } from '../../clock.ts';
import type { Event, EventSink } from '../../events.ts';
import type { State } from '../../state/state.ts';
import { followTransfer, NO_TRANSFER, type TransferSnapshot } from '../../ui/progress/progress-snapshot.ts';

/** A transfer that is done sooner is never told of, and costs no write, in ms. */
const TOLD_AFTER_MS = 1000;
/** How often a running one tells how far it is, in ms. */
const TOLD_EVERY_MS = 2000;

export interface JobReport {
  readonly read: EventSink;
  /** Takes the job out of the state again. */
  readonly close: () => Promise<void>;
}

interface JobReportOptions {
  readonly clock: Clock;
  readonly openState: () => Promise<State>;
  readonly processIdentity: () => ProcessIdentity;
}

/** Tells the local state how far a transfer or sweep is, for the live screens of this machine. */
export function startJobReport({ clock, openState, processIdentity }: JobReportOptions): JobReport {
  const id = randomUUID();
  const stopped = new AbortController();
  let snapshot = NO_TRANSFER;
  let startedAtMs: number | null = null;
  let isTold = false;
  const tell = async (): Promise<void> => {
    const state = await openState();
    const process = processIdentity();
    if (stopped.signal.aborted) return;
    isTold = true;
    const nowMs = clock.now();
    state.jobs.put({ id, process, startedAtMs: startedAtMs ?? nowMs, updatedAtMs: nowMs, ...describeJob(snapshot) });
  };
  const tellNowAndThen = async (): Promise<void> => {
    await clock.sleep(TOLD_AFTER_MS, stopped.signal);
    for (;;) {
      await tell();
      await clock.sleep(TOLD_EVERY_MS, stopped.signal);
    }
  };
  return {
    read: (event: Event) => {
      snapshot = followTransfer(snapshot, event, clock.monotonic());
      if (startedAtMs !== null || event.kind !== 'operation_started') return;
      startedAtMs = clock.now();
      // Ends with the abort of its sleep; telling is a courtesy that must not fail a transfer.
      tellNowAndThen().catch(() => undefined);
    },
    close: async () => {
      stopped.abort();
      if (isTold) (await openState()).jobs.remove(id);
    },
  };
}

function describeJob({ name, started, finished, failed, swept, movedBytes, totalBytes }: TransferSnapshot) {
  return {
    target: name,
    movedBytes,
    totalBytes,
    objectsStarted: started,
    objectsDone: finished + swept,
    objectsFailed: failed,
  };
}
