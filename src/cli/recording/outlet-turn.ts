import { createHash } from 'node:crypto';
import { BreakwaterError } from '../../errors.ts';
import type { ProcessIdentity } from '../../circuit/circuit.ts';
import { isProcessAlive } from '../../state/process-identity.ts';
import type { ProcessLife, State } from '../../state/state.ts';
import type { CommandRun } from '../command-run.ts';

/** Longest wait for other commands that refresh the same outlet, in ms. */
const WAIT_LIMIT_MS = 5000;
/** Pause between two checks of the outlet, in ms. */
const WAIT_PAUSE_MS = 20;
/** Maximum refreshes by one command when others add to the totals meanwhile. */
const ROUNDS_MAX = 5;
/** How long an outlet stays claimed by a process that may be alive but does not renew, in ms; longer than one push. */
const LEASE_MS = 6000;

export interface OutletTurn {
  readonly kind: 'textfile' | 'push';
  /** The file or the Pushgateway group. */
  readonly target: string;
  /** Whether to refresh even if the outlet already has the current totals. */
  readonly isForced: boolean;
  /** @param isOurs check immediately before publishing the totals; false if another process has taken over */
  readonly refresh: (isOurs: () => boolean) => Promise<void>;
}

/**
 * Refreshes a textfile or a Pushgateway with the current totals, one process at a time. Otherwise, if two commands end
 * together, the older totals could arrive last. Does nothing if another command has already written these totals.
 * @throws BreakwaterError `locked` if others keep the outlet busy; any error of `refresh`
 */
export async function refreshInTurn(run: CommandRun, turn: OutletTurn): Promise<void> {
  const { marks, metrics, problem } = await run.state();
  const name = `outlet ${createHash('sha256').update(`${turn.kind} ${turn.target}`).digest('hex').slice(0, 16)}`;
  const wanted = metrics.revision();
  // The state is unusable, which `refresh` reports. A claim would rename a corrupt file.
  if (problem() !== null) return await turn.refresh(() => true);
  const isCurrent = (): boolean => !turn.isForced && marks.read(name) >= wanted;
  const endsAtMs = run.clock.monotonic() + WAIT_LIMIT_MS;
  while (!isCurrent()) {
    if ((await tryTurn(run, { ...turn, name, isCurrent })) === 'done') return;
    if (run.clock.monotonic() >= endsAtMs) {
      throw new BreakwaterError('locked', `another command is still refreshing ${turn.target}`, {
        details: { reason: 'outlet_busy', hint: 'nothing is lost: the next refresh includes everything' },
      });
    }
    await run.clock.sleep(WAIT_PAUSE_MS);
  }
}

/** `held` if another process has the outlet, or took it over before the totals were published. */
async function tryTurn(
  run: CommandRun,
  { name, isCurrent, refresh }: OutletTurn & { readonly name: string; readonly isCurrent: () => boolean },
): Promise<'done' | 'held'> {
  const { claims, marks, metrics }: State = await run.state();
  const process = run.processIdentity();
  const claimant = { process, now: run.clock.now, leaseMs: LEASE_MS };
  if (claims.take(name, { ...claimant, checkOwner }) !== null) return 'held';
  try {
    if (isCurrent()) return 'done';
    const isOurs = (): boolean => claims.renew(name, claimant);
    for (let round = 1; round <= ROUNDS_MAX; round += 1) {
      const value = metrics.revision();
      await refresh(isOurs);
      // Stopped for longer than the lease, so our totals may be older than another process's.
      if (!isOurs()) return 'held';
      marks.raise(name, { value, nowMs: run.clock.now() });
      // Otherwise others have added to the totals, and wait for this refresh or have no outlet.
      if (metrics.revision() === value) break;
    }
    return 'done';
  } finally {
    claims.release(name, process);
  }
}

/** A stopped process must not block the others, so its lease counts even while it is alive. */
function checkOwner(owner: ProcessIdentity): ProcessLife {
  return isProcessAlive(owner) ? 'unknown' : 'dead';
}
