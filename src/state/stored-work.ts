import { every } from '../abort.ts';
import type { ProcessIdentity } from '../circuit/circuit.ts';
import type { Clock } from '../clock.ts';
import { pastTime } from '../stored-time.ts';
import type { UnfinishedWork, ClaimHolder, WorkClaim } from '../unfinished-work.ts';
import { checkProcess } from './process-identity.ts';
import type { CheckpointKind, ClaimCheck, State } from './state.ts';

/** How long an unrenewed claim lasts if its owner cannot be checked, in ms. */
const CLAIM_LEASE_MS = 60_000;

/** The parts of a command that stored work uses. */
interface WorkContext {
  readonly clock: Clock;
  readonly state: () => Promise<Pick<State, 'checkpoints' | 'claims' | 'problem'>>;
  readonly processIdentity: () => ProcessIdentity;
  /** Runs `close` when the command ends. */
  readonly onClose: (close: () => void) => void;
}

/** Unfinished work in the local state. Opens the state on first use. */
export function openUnfinishedWork(context: WorkContext, kind: CheckpointKind): UnfinishedWork {
  const { clock, state } = context;
  return {
    read: async (id) => (await state()).checkpoints.read(kind, id),
    list: async (idPrefix) => (await state()).checkpoints.list(kind, idPrefix),
    save: async (id, document) => {
      const { checkpoints, problem } = await state();
      checkpoints.save({ kind, id, document, nowMs: clock.now() });
      return problem() === null;
    },
    isClaimed: async (id) => (await state()).claims.find(nameClaim(kind, id), checkNow(clock)) !== null,
    remove: async (id) => (await state()).checkpoints.remove(kind, id),
    claim: async (id, onHeld) => await claimWork(context, nameClaim(kind, id), onHeld),
  };
}

function nameClaim(kind: CheckpointKind, id: string): string {
  return `${kind} ${id}`;
}

function checkNow(clock: Clock): ClaimCheck {
  return { now: clock.now, leaseMs: CLAIM_LEASE_MS, checkOwner: checkProcess };
}

async function claimWork(
  { clock, state, processIdentity, onClose }: WorkContext,
  name: string,
  onHeld?: (holder: ClaimHolder) => void,
): Promise<WorkClaim | null> {
  const { claims, problem } = await state();
  const process = processIdentity();
  const held = claims.take(name, { process, ...checkNow(clock) });
  if (held !== null) {
    onHeld?.({ pid: held.owner.pid, host: held.owner.host, sinceMs: pastTime(held.takenAtMs, clock.now()) });
    return null;
  }
  let isOurs = true;
  const lost = new AbortController();
  const confirm = (): boolean => {
    if (!isOurs) return false;
    const mine = { process, ...checkNow(clock) };
    // The claim is missing from a new file, and from memory after the file has failed.
    isOurs = claims.renew(name, mine) || problem() !== null || claims.take(name, mine) === null;
    if (isOurs) return true;
    renewal[Symbol.dispose]();
    lost.abort();
    return false;
  };
  const renewal = every(clock, CLAIM_LEASE_MS / 3, () => void confirm());
  const release = (): void => {
    renewal[Symbol.dispose]();
    if (isOurs) claims.release(name, process);
    isOurs = false;
  };
  onClose(release);
  return {
    isOurs: () => isOurs,
    lost: lost.signal,
    confirm,
    [Symbol.asyncDispose]: async () => await Promise.resolve(release()),
  };
}
