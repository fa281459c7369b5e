import type {
  CircuitRow,
  CircuitSettings,
  Permit,
  ProcessIdentity,
  Transition,
  Verdict,
  Admission,
} from '../../src/circuit/circuit.ts';
import { createCircuitGate, type CircuitGate } from '../../src/circuit/circuit-gate.ts';
import type { CircuitStore } from '../../src/circuit/circuit-store.ts';
import { assertNever } from '../../src/errors.ts';
import { identityOf } from './fake-circuits.ts';

export const CIRCUIT = 's3-upload@model';
export const EVERY_SCOPE = 's3-upload';
const BY_HAND = { by: 'model', reason: null };

/** What happens in a model run; `process` is one of the world's, `permit` one of the process's, 0 the newest. */
export type Action =
  | { readonly kind: 'admit'; readonly process: number }
  /** A command as it is run: a look first, and an admission only if that refuses nothing. */
  | { readonly kind: 'command'; readonly process: number }
  | { readonly kind: 'settle'; readonly process: number; readonly permit: number; readonly verdict: Verdict }
  | { readonly kind: 'renew'; readonly process: number; readonly permit: number }
  /** The process dies, between two steps or just before its next write is committed; another takes its place. */
  | { readonly kind: 'crash'; readonly process: number; readonly isInTransaction: boolean }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'settings'; readonly process: number; readonly settings: CircuitSettings }
  | { readonly kind: 'reset'; readonly process: number; readonly isEveryScope: boolean }
  | {
      readonly kind: 'isolate';
      readonly process: number;
      readonly forMs: number | null;
      readonly isEveryScope: boolean;
    }
  | { readonly kind: 'look'; readonly process: number }
  /** Whoever writes next has looked already: `act` comes between that look and the write. */
  | { readonly kind: 'overtake'; readonly act: Exclude<Action, { readonly kind: 'overtake' }> };

class Crash extends Error {}

interface Process {
  readonly identity: ProcessIdentity;
  readonly gate: CircuitGate;
  settings: CircuitSettings;
  permits: Permit[];
  isDoomed: boolean;
}

/** What one action did, for the invariants. */
export interface Observed {
  readonly action: Action;
  readonly before: CircuitRow | undefined;
  readonly after: CircuitRow | undefined;
  /** The row of the bare name as the process found it first, and after another had overtaken it. */
  readonly bareSeen: readonly (CircuitRow | undefined)[];
  readonly bareAfter: CircuitRow | undefined;
  readonly admission: Admission | null;
  /** The settings of the process that acted. */
  readonly settings: CircuitSettings;
  /** Of the permit that was settled, before it was. */
  readonly wasCurrent: boolean;
  readonly nowMs: number;
  /** Whether the owner of the lease lived before the action. */
  readonly wasOwnerAlive: boolean;
  readonly added: readonly Transition[];
  readonly crashed: boolean;
}

/** Processes that share one circuit on virtual time, and die. */
export class CircuitWorld {
  nowMs = 1_000_000_000;
  readonly transitions: Transition[] = [];
  readonly #rows = new Map<string, CircuitRow>();
  #processes: Process[];
  #nextPid = 1;
  #nextToken = 1;
  #doomed: Process | null = null;
  #overtaker: Action | null = null;
  #onOvertaken: (() => void) | null = null;

  constructor(count: number, settings: CircuitSettings) {
    this.#processes = Array.from({ length: count }, () => this.#spawn(settings));
  }

  get row(): CircuitRow | undefined {
    return this.#rows.get(CIRCUIT);
  }

  get bareRow(): CircuitRow | undefined {
    return this.#rows.get(EVERY_SCOPE);
  }

  /** Permits of living processes whose result would still count. */
  currentPermits(): readonly Permit[] {
    const { row } = this;
    if (row === undefined) return [];
    return this.#processes.flatMap(({ permits }) => permits.filter((permit) => isFresh(row, permit, this.nowMs)));
  }

  /** What happened, in its order: the action, behind one that overtook it. */
  act(action: Action): readonly Observed[] {
    const process = this.#pick('process' in action ? action.process : 0);
    const permit =
      'permit' in action ? process.permits.at(-1 - (action.permit % Math.max(1, process.permits.length))) : undefined;
    let start = this.#see(permit);
    const bareSeen = [this.bareRow];
    let overtaking: readonly Observed[] = [];
    let admission: Admission | null = null;
    let crashed = false;
    this.#onOvertaken = () => {
      const overtaker = this.#overtaker;
      this.#overtaker = null;
      // No process overtakes itself.
      if (overtaker === null || ('process' in overtaker && this.#pick(overtaker.process) === process)) return;
      const doomed = this.#doomed;
      overtaking = this.act(overtaker);
      this.#doomed = doomed;
      // The write must be right for the row as it is now, not for the one that was looked at.
      start = this.#see(permit);
      bareSeen.push(this.bareRow);
    };
    try {
      admission = this.#perform(action, process, permit);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      crashed = true;
    }
    if (crashed || (action.kind === 'crash' && !action.isInTransaction)) this.#bury(process);
    const { known, ...seen } = start;
    const added = this.transitions.slice(known);
    const { settings } = process;
    const { row: after, bareRow: bareAfter, nowMs } = this;
    const observed = { ...seen, bareSeen, action, after, bareAfter, admission, settings, nowMs, added, crashed };
    return [...overtaking, observed];
  }

  #pick(index: number): Process {
    return this.#processes[index % this.#processes.length]!;
  }

  /** What holds before an action. */
  #see(permit: Permit | undefined): Pick<Observed, 'before' | 'wasCurrent' | 'wasOwnerAlive'> & { known: number } {
    const before = this.row;
    const owner = before?.lease?.owner;
    return {
      before,
      wasCurrent:
        permit !== undefined && before !== undefined ? isFresh(before, permit, this.nowMs) : permit?.epoch === 0,
      wasOwnerAlive: owner !== undefined && this.#isAlive(owner),
      known: this.transitions.length,
    };
  }

  #perform(action: Action, process: Process, permit: Permit | undefined): Admission | null {
    const { gate } = process;
    this.#doomed = process.isDoomed ? process : null;
    switch (action.kind) {
      case 'admit': {
        const admission = gate.admit(CIRCUIT);
        if (admission.kind === 'admitted') process.permits.push(admission.permit);
        return admission;
      }
      case 'command': {
        const refusal = gate.check(CIRCUIT);
        return refusal === null
          ? this.#perform({ ...action, kind: 'admit' }, process, permit)
          : { kind: 'refused', refusal };
      }
      case 'settle':
        if (permit === undefined) return null;
        gate.settle(permit, action.verdict, { code: 'Model', message: '', httpStatus: 500, requestId: null });
        process.permits = process.permits.filter((other) => other !== permit);
        return null;
      case 'renew':
        if (permit !== undefined) gate.renew(permit);
        return null;
      case 'crash':
        process.isDoomed = action.isInTransaction;
        return null;
      case 'clock':
        this.nowMs += action.byMs;
        return null;
      case 'settings':
        Object.assign(process.settings, action.settings);
        return null;
      case 'reset':
        gate.reset(action.isEveryScope ? EVERY_SCOPE : CIRCUIT, BY_HAND);
        return null;
      case 'isolate':
        gate.isolate(action.isEveryScope ? EVERY_SCOPE : CIRCUIT, { ...BY_HAND, forMs: action.forMs });
        return null;
      case 'look': {
        const refusal = gate.check(CIRCUIT);
        return refusal === null ? null : { kind: 'refused', refusal };
      }
      case 'overtake':
        this.#overtaker = action.act;
        return null;
      default:
        return assertNever(action);
    }
  }

  #spawn(settings: CircuitSettings): Process {
    const pid = this.#nextPid;
    this.#nextPid += 1;
    const identity = identityOf(pid);
    const own = { ...settings };
    const gate = createCircuitGate({
      store: this.#store(),
      settings: own,
      clock: { now: () => this.nowMs, monotonic: () => 0, sleep: async () => await Promise.resolve() },
      process: identity,
      isOwnerAlive: (owner) => this.#isAlive(owner),
      newToken: () => {
        this.#nextToken += 1;
        return `token-${this.#nextToken}`;
      },
      emit: () => undefined,
    });
    return { identity, gate, settings: own, permits: [], isDoomed: false };
  }

  #bury(dead: Process): void {
    this.#processes = this.#processes.map((process) => (process === dead ? this.#spawn(dead.settings) : process));
  }

  #isAlive({ pid }: ProcessIdentity): boolean {
    return this.#processes.some(({ identity }) => identity.pid === pid);
  }

  #store(): CircuitStore {
    return {
      read: (name) => this.#rows.get(name),
      list: () => [...this.#rows.values()],
      update: (name, change) => {
        this.#onOvertaken?.();
        const { row, transitions, result } = change(this.#rows.get(name));
        // A transaction that is not committed has never been.
        if (this.#doomed !== null) throw new Crash();
        if (row !== undefined) this.#rows.set(name, row);
        this.transitions.push(...transitions);
        return result;
      },
      transitions: () => this.transitions.toReversed(),
      refusals: () => 0,
    };
  }
}

/** Written apart from the machine, so that both cannot be wrong in one way. */
function isFresh({ state, epoch, lease }: CircuitRow, permit: Permit, nowMs: number): boolean {
  const isOfEpoch = permit.epoch === epoch;
  if (state === 'closed') return isOfEpoch && permit.probeToken === null;
  const isOfLease = lease !== null && lease.token === permit.probeToken && nowMs < lease.expiresAtMs;
  return isOfEpoch && state === 'half_open' && isOfLease;
}
