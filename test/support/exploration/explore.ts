import { act, Fault, type Action } from './actions.ts';
import { hasFuture, JUMP, normalize } from './normalize.ts';
import { findFaultOfState, holdOf, restOf } from './rules.ts';
import {
  CIRCUIT,
  EVERY_SCOPE,
  ISOLATED_FOR,
  isOwnerAlive,
  PROCESSES,
  SETTINGS,
  Stage,
  START,
  type Machine,
  type World,
} from './world.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  readonly transitions: ReadonlySet<string>;
  /** The first broken invariant, with the shortest way there; null if every state keeps all of them. */
  readonly fault: { readonly message: string; readonly path: readonly Action[] } | null;
}

/** Far more than there are: a fault of the exploration itself ends here. */
const STATES_MAX = 100_000;

interface Found {
  readonly world: World;
  readonly from: Found | null;
  readonly action: Action | null;
}

/** Breadth-first through every state that the actions reach. */
export function explore(machine: Machine): Exploration {
  const stage = new Stage(machine);
  const first: Found = { world: START, from: null, action: null };
  const queue = [first];
  const known = new Set([keyOf(START)]);
  const transitions = new Set<string>();
  let steps = 0;
  for (const found of queue) {
    if (known.size > STATES_MAX) throw new Error(`more than ${STATES_MAX} states`);
    for (const action of actionsIn(found.world)) {
      steps += 1;
      try {
        const acted = act(stage, found.world, action);
        if (isSame(acted, found.world)) continue;
        const world = normalize(acted);
        for (const { why } of stage.transitions) transitions.add(why);
        const key = keyOf(world);
        if (known.has(key)) continue;
        known.add(key);
        checkState(machine, world);
        queue.push({ world, from: found, action });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const fault = { message: error.message, path: pathTo({ world: START, from: found, action }) };
        return { states: known.size, steps, transitions, fault };
      }
    }
  }
  return { states: known.size, steps, transitions, fault: null };
}

/** What can happen in a state. A command begins with a look, or with an admission if it waits. */
function actionsIn(world: World): readonly Action[] {
  const actions: Action[] = [
    { kind: 'clock', by: 1 },
    { kind: 'clock', by: JUMP },
    { kind: 'reset', name: CIRCUIT, forMs: null },
    { kind: 'reset', name: EVERY_SCOPE, forMs: null },
    { kind: 'isolate', name: CIRCUIT, forMs: ISOLATED_FOR },
    { kind: 'isolate', name: EVERY_SCOPE, forMs: ISOLATED_FOR },
    { kind: 'isolate', name: EVERY_SCOPE, forMs: null },
  ];
  if (!hasFuture(world)) actions.push({ kind: 'clock', by: -JUMP });
  for (const process of PROCESSES) {
    const permit = world.permits[process] ?? null;
    if (permit === null) {
      for (const kind of ['look', 'admit', 'crash_in_write'] as const) actions.push({ kind, process });
      continue;
    }
    for (const kind of ['crash', 'attempt'] as const) actions.push({ kind, process });
    if (permit.probeToken !== null) actions.push({ kind: 'renew', process });
    for (const verdict of ['success', 'failure', 'neutral'] as const)
      actions.push({ kind: 'settle', process, verdict });
  }
  return actions;
}

function checkState({ showCircuit }: Machine, world: World): void {
  const fault = findFaultOfState(world);
  if (fault !== null) throw new Fault(fault);
  const { own = initialRow(CIRCUIT, SETTINGS), bare: bareRow, now: nowMs } = world;
  const view = showCircuit(own, { nowMs, probeLeaseMs: SETTINGS.probeLeaseMs, isOwnerAlive, bareRow });
  const restMs = Math.max(restOf(world.own, nowMs), holdOf(world));
  if ((view.refusal !== null) !== restMs > 0) throw new Fault('7: what is shown is not what a call meets');
}

/** Most actions change nothing: a cheap test saves the comparison of whole states. */
function isSame(one: World, other: World): boolean {
  return one.own === other.own && one.bare === other.bare && one.now === other.now && one.permits === other.permits;
}

function pathTo(last: Found): readonly Action[] {
  const path: Action[] = [];
  for (let at: Found | null = last; at !== null; at = at.from) if (at.action !== null) path.unshift(at.action);
  return path;
}

function keyOf({ own, bare, permits, proofs }: World): string {
  const row = (of: World['own']): unknown =>
    of === undefined
      ? 0
      : [
          of.state,
          of.failures,
          of.successes,
          of.openedAtMs,
          of.lease?.expiresAtMs,
          of.lease?.owner.pid,
          of.lease?.owner.startTime,
          of.manual?.atMs,
          of.manual?.untilMs,
        ];
  return JSON.stringify([
    row(own),
    row(bare),
    permits.map((permit) => permit && [permit.epoch, permit.probeToken]),
    proofs,
  ]);
}
