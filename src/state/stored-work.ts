import { every } from '../abort.ts';
import type { ProcessIdentity } from '../circuit/circuit.ts';
import type { Clock } from '../clock.ts';
import { pastTime } from '../stored-time.ts';
import type { UnfinishedWork, ClaimHolder, WorkClaim } from '../unfinished-work.ts';
import { isProcessAlive } from './process-identity.ts';
import type { CheckpointKind, State } from './state.ts';

/** How long a claim lasts without renewal, in ms. The death of its owner ends it at once where that can be detected. */
const CLAIM_LEASE_MS = 60_000;

/** The parts of a command that stored work uses. */
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
    onHeld?.({ pid: held.owner.pid, host: held.owner.host, sinceMs: pastTime(held.takenAtMs, nowMs) });
    return null;
  }
  let isOurs = true;
  const renewal = every(clock, leaseMs / 3, () => {
    isOurs = claims.renew(name, { process, nowMs: clock.now(), leaseMs });
    if (!isOurs) renewal[Symbol.dispose]();
  });
  const release = (): void => {
    renewal[Symbol.dispose]();
    if (isOurs) claims.release(name, process);
    isOurs = false;
  };
  onClose(release);
  return {
    isOurs: () => isOurs,
    [Symbol.asyncDispose]: async () => await Promise.resolve(release()),
  };
}
