import type { CircuitRow, CircuitSettings, Permit, ProcessIdentity, Transition } from '../../../src/circuit/circuit.ts';
import type { CircuitGate, createCircuitGate } from '../../../src/circuit/circuit-gate.ts';
import type { showCircuit } from '../../../src/circuit/circuit-view.ts';

/** What is explored: the shipped code, or a copy with a planted fault. */
export interface Machine {
  readonly createCircuitGate: typeof createCircuitGate;
  readonly showCircuit: typeof showCircuit;
}

export const CIRCUIT = 's3-upload@here';
export const EVERY_SCOPE = 's3-upload';
export const PROCESSES = [0, 1, 2] as const;
/** Runs on another host: nobody can tell whether it is dead. */
const ELSEWHERE = 2;

/** Times are in ticks: small numbers, so that few states differ. */
export const SETTINGS: CircuitSettings = { failureThreshold: 2, successThreshold: 2, openForMs: 2, probeLeaseMs: 2 };
export const ISOLATED_FOR = 2;
export const DEAD = 'dead';

/** One state of everything; the proofs are known to the exploration alone. */
export interface World {
  readonly own: CircuitRow | undefined;
  readonly bare: CircuitRow | undefined;
  readonly now: number;
  /** By process: what it works under. Without one it is before its look, or between that and its admission. */
  readonly permits: readonly (Permit | null)[];
  /** Fresh successes of probes since half-open was entered. */
  readonly proofs: number;
}

export const START: World = {
  own: undefined,
  bare: undefined,
  now: 0,
  permits: PROCESSES.map(() => null),
  proofs: 0,
};

export class Crash extends Error {}

/** The gates of all processes on one world at a time. */
export class Stage {
  readonly rows = new Map<string, CircuitRow>();
  now = 0;
  transitions: Transition[] = [];
  writes = 0;
  /** Dies instead of committing this write; 0 for none. */
  dieAtWrite = 0;
  /** What another process does just before the next write. */
  overtake: (() => void) | null = null;
  readonly gates: readonly CircuitGate[];
  #tokens = 0;

  constructor({ createCircuitGate: create }: Machine) {
    this.gates = PROCESSES.map((pid) =>
      create({
        store: {
          read: (name) => this.rows.get(name),
          list: () => [...this.rows.values()],
          update: (name, change) => {
            const { overtake } = this;
            this.overtake = null;
            overtake?.();
            const { row, transitions, result } = change(this.rows.get(name));
            this.writes += 1;
            if (this.writes === this.dieAtWrite) throw new Crash();
            if (row !== undefined) this.rows.set(name, row);
            this.transitions.push(...transitions);
            return result;
          },
          transitions: () => [],
          refusals: () => 0,
        },
        settings: SETTINGS,
        clock: { now: () => this.now, monotonic: () => 0, sleep: async () => await Promise.resolve() },
        process: { pid, startTime: '0', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' },
        isOwnerAlive,
        newToken: () => `token ${(this.#tokens += 1)}`,
        emit: () => undefined,
      }),
    );
  }

  load({ own, bare, now }: World): void {
    this.rows.clear();
    if (own !== undefined) this.rows.set(CIRCUIT, own);
    if (bare !== undefined) this.rows.set(EVERY_SCOPE, bare);
    this.now = now;
    this.transitions = [];
    this.writes = 0;
    this.dieAtWrite = 0;
    this.overtake = null;
  }
}

export function isOwnerAlive({ pid, startTime }: ProcessIdentity): boolean {
  return pid === ELSEWHERE || startTime !== DEAD;
}
