import { assertNever } from '../../../src/errors.ts';
import type { CircuitRow, Permit, Verdict } from '../../../src/circuit/circuit.ts';
import { findFaultOfChange, holdOf, isFresh, restOf, storedRestOf, withoutTimes } from './rules.ts';
import { CIRCUIT, Crash, DEAD, EVERY_SCOPE, SETTINGS, type Stage, type World } from './world.ts';

export type Action =
  | { readonly kind: 'look' | 'admit' | 'renew' | 'attempt' | 'crash' | 'crash_in_write'; readonly process: number }
  | { readonly kind: 'settle'; readonly process: number; readonly verdict: Verdict }
  | { readonly kind: 'clock'; readonly by: number }
  | { readonly kind: 'reset' | 'isolate'; readonly name: string; readonly forMs: number | null };

/** Broken invariants, by their numbers in docs/circuit.md. */
export class Fault extends Error {}

const HAND = { by: '', reason: null };

/** Does one action of the shipped code. @throws Fault as soon as an invariant is broken */
export function act(stage: Stage, world: World, action: Action): World {
  stage.load(world);
  const next = perform(stage, world, action);
  const added = (name: string) => stage.transitions.filter(({ circuit }) => circuit === name);
  report(findFaultOfChange(world.own, next.own, added(CIRCUIT)));
  report(findFaultOfChange(world.bare, next.bare, added(EVERY_SCOPE)));
  for (const { to, why, from } of stage.transitions) {
    const isProved = why === 'probes_succeeded' && from === 'half_open' && next.proofs >= SETTINGS.successThreshold;
    if (to !== 'closed' || isProved || action.kind === 'reset') continue;
    if (why !== 'isolation_ended') throw new Fault(`5: closed without a reason (${why})`);
  }
  const hasEntered = stage.transitions.some(({ circuit, to }) => circuit === CIRCUIT && to === 'half_open');
  return hasEntered ? { ...next, proofs: 0 } : next;
}

function perform(stage: Stage, world: World, action: Action): World {
  switch (action.kind) {
    case 'clock':
      return { ...world, now: world.now + action.by };
    case 'reset':
      stage.gates[0]!.reset(action.name, HAND);
      return seen(stage, world);
    case 'isolate':
      stage.gates[0]!.isolate(action.name, { ...HAND, forMs: action.forMs });
      return seen(stage, world);
    case 'crash':
      return bury(world, action.process);
    case 'crash_in_write':
      return crashInWrite(stage, world, action.process);
    case 'look':
      return arrive(stage, world, action.process, 'look');
    case 'admit':
      return arrive(stage, world, action.process, 'admit');
    case 'renew':
    case 'attempt':
      return work(stage, world, action.process, action.kind);
    case 'settle':
      return settle(stage, world, action.process, action.verdict);
    default:
      return assertNever(action);
  }
}

/** A look or an admission: refused exactly as long as the rules say, and what is let through takes only what is free. */
function arrive(stage: Stage, world: World, index: number, how: 'look' | 'admit'): World {
  const gate = stage.gates[index]!;
  const restMs = Math.max(restOf(world.own, world.now), holdOf(world));
  const admission = how === 'admit' ? gate.admit(CIRCUIT) : null;
  const refusal = admission === null ? gate.check(CIRCUIT) : admission.kind === 'refused' ? admission.refusal : null;
  const next = seen(stage, world);
  if (refusal !== null) {
    if (restMs <= 0) throw new Fault('4: refused although nothing holds it');
    if (withoutTimes(next.own) !== withoutTimes(world.own)) throw new Fault('6: a refusal changed more than times');
    if (refusal.retryAfterMs !== null && refusal.retryAfterMs > restMs) throw new Fault('4: told to wait for too long');
    const refusing = [restOf(next.own, next.now) > 0 ? next.own : undefined, holdOf(next) > 0 ? next.bare : undefined];
    const stored = Math.max(...refusing.map((row) => storedRestOf(row, next.now)));
    if (stored > restMs) throw new Fault('4: refused without correcting a time in the future');
    return next;
  }
  if (restMs > 0) throw new Fault('3: let through while the circuit is open, probed or isolated');
  if (admission?.kind !== 'admitted') {
    if (next.own !== world.own || next.bare !== world.bare) throw new Fault('7: an admitted look wrote');
    return next;
  }
  const { permit } = admission;
  if (!isFresh(next, permit)) throw new Fault('1: a permit that is stale from the start');
  return put(next, index, permit);
}

function work(stage: Stage, world: World, index: number, how: 'renew' | 'attempt'): World {
  const permit = permitOf(world, index);
  const wasFresh = isFresh(world, permit);
  if (how === 'attempt') {
    const isSent = stage.gates[index]!.isCurrent(permit);
    if (isSent !== (wasFresh && holdOf(world) <= 0))
      throw new Fault(`3: a further attempt ${isSent ? 'left' : 'did not leave'}`);
    return world;
  }
  const isRenewed = stage.gates[index]!.renew(permit);
  const next = seen(stage, world);
  if (isRenewed !== wasFresh) throw new Fault('1: renewed what is not its own');
  if (isRenewed && next.own?.lease?.expiresAtMs !== world.now + SETTINGS.probeLeaseMs)
    throw new Fault('1: not renewed');
  return next;
}

function settle(stage: Stage, world: World, index: number, verdict: Verdict): World {
  const permit = permitOf(world, index);
  const wasFresh = isFresh(world, permit);
  stage.gates[index]!.settle(permit, verdict);
  const next = seen(stage, world);
  stage.gates[index]!.settle(permit, verdict);
  if (seen(stage, world).own !== next.own) throw new Fault('6: two verdicts for one permit');
  report(findFaultOfVerdict(world.own, next.own, wasFresh ? verdict : 'stale'));
  const isProof = wasFresh && verdict === 'success' && permit.probeToken !== null;
  return { ...put(next, index, null), proofs: world.proofs + (isProof ? 1 : 0) };
}

function findFaultOfVerdict(
  before: CircuitRow | undefined,
  after: CircuitRow | undefined,
  verdict: Verdict | 'stale',
): string | null {
  if (verdict === 'stale') return after === before ? null : '6: a stale result changed something';
  if ((after?.lease ?? null) !== null) return '1: a settled probe kept its lease';
  if (verdict === 'neutral')
    return withoutLease(after) === withoutLease(before) ? null : '6: a neutral result changed more than the lease';
  if (verdict === 'success')
    return before?.state !== 'half_open' && (after?.failures ?? 0) > 0 ? '6: a success left failures' : null;
  if (before?.state === 'half_open') return after?.state === 'open' ? null : '5: a failed probe did not open';
  const failures = (before?.failures ?? 0) + 1;
  const isOpen = failures >= SETTINGS.failureThreshold;
  return after?.state === (isOpen ? 'open' : 'closed') && after.failures === failures
    ? null
    : '6: a failure was not counted once';
}

/** Dies in its second write, where an admission has one: an isolation of every scope has ended, and no more. */
function crashInWrite(stage: Stage, world: World, index: number): World {
  stage.dieAtWrite = 2;
  try {
    stage.gates[index]!.admit(CIRCUIT);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return bury(seen(stage, world), index);
  }
  stage.load(world);
  return world;
}

/** Another process takes the place of a dead one; the owner of its lease is no more. */
function bury(world: World, index: number): World {
  const { own } = world;
  const lease =
    own?.lease?.owner.pid === index ? { ...own.lease, owner: { ...own.lease.owner, startTime: DEAD } } : null;
  const buried = put(world, index, null);
  return own === undefined || lease === null ? buried : { ...buried, own: { ...own, lease } };
}

function seen(stage: Stage, world: World): World {
  return { ...world, own: stage.rows.get(CIRCUIT), bare: stage.rows.get(EVERY_SCOPE) };
}

function put(world: World, index: number, permit: Permit | null): World {
  return { ...world, permits: world.permits.map((other, at) => (at === index ? permit : other)) };
}

/** The same permit as another object, so that a gate does not know what became of it on another path. */
function permitOf({ permits }: World, index: number): Permit {
  return { ...permits[index]! };
}

function withoutLease(row: CircuitRow | undefined): string {
  return JSON.stringify({ ...row, lease: null });
}

function report(fault: string | null): void {
  if (fault !== null) throw new Fault(fault);
}
