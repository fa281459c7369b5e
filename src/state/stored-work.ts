import type { UnfinishedWork, ClaimHolder, WorkClaim } from '../unfinished-work.ts';
import { isProcessAlive } from './process-identity.ts';
import type { CheckpointKind } from './state.ts';
import type { CommandRun } from '../cli/command-run.ts';

/** How long a claim holds without being renewed, in ms; the end of its owner frees it at once where that can be told. */
const CLAIM_LEASE_MS = 60_000;

type WorkRun = Pick<CommandRun, 'clock' | 'state' | 'processIdentity' | 'onClose'>;

/** Begun work in the local state, which is opened when it is first asked for. */
export function openUnfinishedWork(run: WorkRun, kind: CheckpointKind): UnfinishedWork {
  const { clock, state } = run;
  return {
    read: async (id) => (await state()).checkpoints.read(kind, id),
    list: async () => (await state()).checkpoints.list(kind),
    save: async (id, document) => (await state()).checkpoints.save({ kind, id, document, nowMs: clock.now() }),
    remove: async (id) => (await state()).checkpoints.remove(kind, id),
    claim: async (id, onHeld) => await claimWork(run, `${kind} ${id}`, onHeld),
  };
}

async function claimWork(
  { clock, state, processIdentity, onClose }: WorkRun,
  name: string,
  onHeld?: (holder: ClaimHolder) => void,
): Promise<WorkClaim | null> {
  const { claims } = await state();
  const process = processIdentity();
  const leaseMs = CLAIM_LEASE_MS;
  const nowMs = clock.now();
  const held = claims.take(name, { process, nowMs, leaseMs, isOwnerAlive: isProcessAlive });
  if (held !== null) {
    onHeld?.({ pid: held.owner.pid, host: held.owner.host, sinceMs: held.takenAtMs });
    return null;
  }
  const stopped = new AbortController();
  let isOurs = true;
  const release = (): void => {
    if (stopped.signal.aborted) return;
    stopped.abort();
    if (isOurs) claims.release(name, process);
    isOurs = false;
  };
  const renewNowAndThen = async (): Promise<void> => {
    while (isOurs) {
      await clock.sleep(leaseMs / 3, stopped.signal);
      isOurs = claims.renew(name, { process, nowMs: clock.now(), leaseMs });
    }
  };
  // Ends with the abort of its sleep.
  renewNowAndThen().catch(() => undefined);
  onClose(release);
  return {
    isOurs: () => isOurs,
    [Symbol.asyncDispose]: async () => await Promise.resolve(release()),
  };
}
