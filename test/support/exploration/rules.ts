import { assertNever } from '../../../src/errors.ts';
import type { CircuitRow, Permit } from '../../../src/circuit/circuit.ts';
import { isOwnerAlive, SETTINGS, type World } from './world.ts';

/* The rules of docs/circuit.md, written apart from the machine, so that both cannot be wrong in the same way. */

/** How long a row still refuses: 0 or less if it does not. */
export function restOf(row: CircuitRow | undefined, now: number): number {
  if (row === undefined) return 0;
  const { state, openedAtMs, openForMs, lease, manual } = row;
  switch (state) {
    case 'closed':
      return 0;
    case 'open':
      return Math.min(openForMs!, openedAtMs! + openForMs! - now);
    case 'half_open':
      return lease === null || !isOwnerAlive(lease.owner)
        ? 0
        : Math.min(lease.expiresAtMs - now, SETTINGS.probeLeaseMs);
    case 'isolated': {
      const { atMs, untilMs } = manual!;
      return untilMs === null ? Infinity : Math.min(untilMs - now, untilMs - atMs);
    }
    default:
      return assertNever(state);
  }
}

/** What a row stores of its wait, as it stands: more than the rest if a time is in the future. */
export function storedRestOf(row: CircuitRow | undefined, now: number): number {
  if (row?.state === 'open') return row.openedAtMs! + row.openForMs! - now;
  if (row?.state === 'half_open') return (row.lease?.expiresAtMs ?? now) - now;
  return row?.state === 'isolated' ? (row.manual?.untilMs ?? Infinity) - now : 0;
}

/** How long an isolation of every scope still refuses. */
export function holdOf({ bare, now }: Pick<World, 'bare' | 'now'>): number {
  return bare?.state === 'isolated' ? restOf(bare, now) : 0;
}

/** Whether a result under this permit counts. */
export function isFresh({ own, now }: Pick<World, 'own' | 'now'>, permit: Permit): boolean {
  if (permit.epoch !== (own?.epoch ?? 0)) return false;
  if (own === undefined || own.state === 'closed') return permit.probeToken === null;
  if (own.state !== 'half_open' || own.lease === null) return false;
  return own.lease.token === permit.probeToken && own.lease.expiresAtMs > now;
}

/** What must hold in every state, whatever led to it. */
export function findFaultOfState(world: World): string | null {
  const probes = world.permits.filter(
    (permit) => permit !== null && permit.probeToken !== null && isFresh(world, permit),
  );
  if (probes.length > 1) return '1: two probes are in flight';
  const { own, proofs } = world;
  if (own?.state === 'half_open' && own.successes !== proofs) return '5: successes differ from fresh probe successes';
  return null;
}

/** What must hold between two states of one row. */
export function findFaultOfChange(
  before: CircuitRow | undefined,
  after: CircuitRow | undefined,
  added: readonly { readonly epoch: number }[],
): string | null {
  const from = before?.epoch ?? 0;
  const to = after?.epoch ?? 0;
  if (to < from) return '2: the epoch has fallen';
  if (to !== from + added.length) return '2: the epoch did not rise by one with each transition';
  if (added.some(({ epoch }, index) => epoch !== from + index + 1)) return '2: a transition has another epoch';
  if ((before?.state ?? 'closed') !== (after?.state ?? 'closed') && to === from) return '2: a change without an epoch';
  return null;
}

/** A row without the times that a refusal may correct. */
export function withoutTimes(row: CircuitRow | undefined): string {
  if (row === undefined) return '';
  const { openedAtMs: _openedAtMs, lease, manual: _manual, ...rest } = row;
  return JSON.stringify([rest, lease?.token, lease?.owner]);
}
