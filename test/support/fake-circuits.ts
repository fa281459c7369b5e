import { createCircuitGate, type CircuitGate } from '../../src/circuit/circuit-gate.ts';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  type CircuitRow,
  type CircuitSettings,
  type Permit,
  type ProcessIdentity,
  type Refusal,
  type Transition,
  type Verdict,
} from '../../src/circuit/circuit.ts';
import type { Clock } from '../../src/clock.ts';
import type { Event } from '../../src/events.ts';
import { createMemoryCircuits } from './memory-circuits.ts';

export const CIRCUIT = 's3-upload@fake';

/** The failure that fake operations report. */
export const SLOW_DOWN = { code: 'SlowDown', message: 'slow down', httpStatus: 503, requestId: null };

/** A refusal of an open circuit, but for what a test says. */
export function refusalOf(different: Partial<Refusal>): Refusal {
  const plain = { circuit: CIRCUIT, refusedBy: CIRCUIT, epoch: 1, reason: 'open' } as const;
  return { ...plain, retryAfterMs: 1, retryAtMs: 1, manual: null, lastFailure: null, ...different };
}

/** A process that runs `put`. */
export function identityOf(pid: number, host = 'host'): ProcessIdentity {
  return { pid, startTime: '1', bootId: 'b', pidNamespace: 'n', host, command: 'put' };
}

export interface FakeProcess {
  readonly gate: CircuitGate;
  readonly events: Event[];
  /** Every verdict that reached the gate, in order. */
  readonly verdicts: Verdict[];
  /** How often leave was asked for. */
  admissions: number;
}

/** Circuits in memory, shared by as many processes as a test asks for. The rules are those of the real machine. */
export class FakeCircuits {
  readonly #store = createMemoryCircuits();
  readonly #clock: Clock;
  readonly #name: string;
  readonly #settings: CircuitSettings;
  readonly #dead = new Set<number>();
  #tokens = 0;
  #processes = 0;

  /** @param name the one that `row` and `open` are about */
  constructor(clock: Clock, settings: Partial<CircuitSettings> = {}, name = CIRCUIT) {
    this.#clock = clock;
    this.#name = name;
    this.#settings = { ...DEFAULT_CIRCUIT_SETTINGS, ...settings };
  }

  get row(): CircuitRow | undefined {
    return this.#store.read(this.#name);
  }

  get state(): string {
    return this.row?.state ?? 'closed';
  }

  /** Every transition, the oldest first. */
  get history(): readonly Transition[] {
    return this.#store.transitions({ limit: Infinity }).toReversed();
  }

  startProcess(): FakeProcess {
    this.#processes += 1;
    const events: Event[] = [];
    const verdicts: Verdict[] = [];
    const inner = createCircuitGate({
      store: this.#store,
      settings: this.#settings,
      clock: this.#clock,
      process: identityOf(this.#processes),
      isOwnerAlive: ({ pid }) => !this.#dead.has(pid),
      newToken: () => `token-${(this.#tokens += 1)}`,
      emit: (event) => events.push(event),
    });
    const fake: FakeProcess = {
      events,
      verdicts,
      admissions: 0,
      gate: {
        ...inner,
        admit: (circuit) => {
          fake.admissions += 1;
          return inner.admit(circuit);
        },
        settle: (permit, verdict, failure) => {
          verdicts.push(verdict);
          inner.settle(permit, verdict, failure);
        },
      },
    };
    return fake;
  }

  /** Ends the process of that number (the first is 1) without a word. */
  kill(pid: number): void {
    this.#dead.add(pid);
  }

  /** Opens the circuit, as failures of another process do. */
  open(): void {
    const { gate } = this.startProcess();
    for (let failures = 0; failures < this.#settings.failureThreshold; failures += 1) {
      gate.settle(takePermit(gate, this.#name), 'failure', SLOW_DOWN);
    }
  }
}

/** A permit, or a test that has set its stage wrong. */
export function takePermit(gate: CircuitGate, circuit = CIRCUIT): Permit {
  const admission = gate.admit(circuit);
  if (admission.kind === 'refused') throw new Error(`refused: ${admission.refusal.reason}`);
  return admission.permit;
}
