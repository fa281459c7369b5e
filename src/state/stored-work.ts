import type { UnfinishedWork, ClaimHolder, WorkClaim } from '../unfinished-work.ts';
import { isProcessAlive } from './process-identity.ts';
import type { ProcessIdentity } from '../circuit/circuit.ts';
import type { Clock } from '../clock.ts';
import type { CheckpointKind, State } from './state.ts';

/** How long a claim holds without being renewed, in ms; the end of its owner frees it at once where that can be told. */
const CLAIM_LEASE_MS = 60_000;

/** What stored work needs of a command. */
interface WorkContext {
  readonly clock: Clock;
  readonly state: () => Promise<Pick<State, 'checkpoints' | 'claims'>>;
  readonly processIdentity: () => ProcessIdentity;
  /** Runs `close` when the command ends. */
  readonly onClose: (close: () => void) => void;
}

/** Unfinished work in the local state, which is opened on first use. */
export function openUnfinishedWork(context: WorkContext, kind: CheckpointKind): UnfinishedWork {
  const { clock, state } = context;
  return {
    read: async (id) => (await state()).checkpoints.read(kind, id),
    list: async () => (await state()).checkpoints.list(kind),
    save: async (id, document) => (await state()).checkpoints.save({ kind, id, document, nowMs: clock.now() }),
    remove: async (id) => (await state()).checkpoints.remove(kind, id),
    claim: async (id, onHeld) => await claimWork(context, `${kind} ${id}`, onHeld),
  };
}

async function claimWork(
  { clock, state, processIdentity, onClose }: WorkContext,
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
