import { createHash } from 'node:crypto';
import { BreakwaterError } from '../../errors.ts';
import type { ProcessIdentity } from '../../circuit/circuit.ts';
import { isProcessAlive } from '../../state/process-identity.ts';
import type { ProcessLife, State } from '../../state/state.ts';
import type { CommandRun } from '../command-run.ts';

/** Longest wait for other commands that refresh the same outlet, in ms. */
const WAIT_LIMIT_MS = 5000;
/** Pause between two looks at the outlet, in ms. */
const WAIT_PAUSE_MS = 20;
/** How often one command refreshes an outlet because others have added to the totals meanwhile. */
const ROUNDS_MAX = 5;
/** How long an outlet stays with a process that does not renew it and may be alive, in ms: more than one push takes. */
const LEASE_MS = 6000;

export interface OutletTurn {
  readonly kind: 'textfile' | 'push';
  /** The file or the group. */
  readonly target: string;
  /** Refreshes it even if it has the current totals. */
  readonly isForced: boolean;
  /** @param isOurs asked immediately before the totals become visible: false if another process has taken over */
  readonly refresh: (isOurs: () => boolean) => Promise<void>;
}

/**
 * Refreshes a textfile or a Pushgateway with the current totals, one process at a time: of two commands that end at once,
 * the one with the older totals must not be the last to arrive. A command whose totals another one has written meanwhile
 * does nothing.
 * @throws BreakwaterError `locked` if others do not make way; what `refresh` throws
 */
export async function refreshInTurn(run: CommandRun, turn: OutletTurn): Promise<void> {
  const { marks, metrics, problem } = await run.state();
  const name = `outlet ${createHash('sha256').update(`${turn.kind} ${turn.target}`).digest('hex').slice(0, 16)}`;
  const wanted = metrics.revision();
  // Nothing can be measured, which is the refresh's to report; a claim would rename a corrupt file.
  if (problem() !== null) return await turn.refresh(() => true);
  const isCurrent = (): boolean => !turn.isForced && marks.read(name) >= wanted;
  const endsAtMs = run.clock.monotonic() + WAIT_LIMIT_MS;
  while (!isCurrent()) {
    if ((await tryTurn(run, { ...turn, name, isCurrent })) === 'done') return;
    if (run.clock.monotonic() >= endsAtMs) {
      throw new BreakwaterError('locked', `another command is still refreshing ${turn.target}`, {
        details: { reason: 'outlet_busy', hint: 'nothing is lost, the next refresh has everything' },
      });
    }
    await run.clock.sleep(WAIT_PAUSE_MS);
  }
}

/** `held` if another process has the outlet, or has taken it from us before the totals were there. */
async function tryTurn(
  run: CommandRun,
  { name, isCurrent, refresh }: OutletTurn & { readonly name: string; readonly isCurrent: () => boolean },
): Promise<'done' | 'held'> {
  const { claims, marks, metrics }: State = await run.state();
  const process = run.processIdentity();
  const claimant = () => ({ process, nowMs: run.clock.now(), leaseMs: LEASE_MS });
  if (claims.take(name, { ...claimant(), checkOwner }) !== null) return 'held';
  try {
    if (isCurrent()) return 'done';
    const isOurs = (): boolean => claims.renew(name, claimant());
    for (let round = 1; round <= ROUNDS_MAX; round += 1) {
      const value = metrics.revision();
      await refresh(isOurs);
      // Stopped for longer than the lease: what it wrote may be older than what another process wrote.
      if (!isOurs()) return 'held';
      marks.raise(name, { value, nowMs: run.clock.now() });
      // Others have added meanwhile: they wait for it, or have no outlet of their own.
      if (metrics.revision() === value) break;
    }
    return 'done';
  } finally {
    claims.release(name, process);
  }
}

/** A stopped process must not hold up the others: its lease counts even while it lives. */
function checkOwner(owner: ProcessIdentity): ProcessLife {
  return isProcessAlive(owner) ? 'unknown' : 'dead';
}
