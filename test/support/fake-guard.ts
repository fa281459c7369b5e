import type { CircuitGate } from '../../src/circuit/circuit-gate.ts';
import { CommandCircuit } from '../../src/guard/command-circuit.ts';
import type { Guard, GuardSettings, RequestLimiter } from '../../src/guard/guard.ts';
import { WaitReport } from '../../src/guard/wait-report.ts';
import type { Event } from '../../src/events.ts';
import { CIRCUIT, FakeCircuits } from './fake-circuits.ts';
import { VirtualClock } from './virtual-clock.ts';

const SETTINGS: GuardSettings = {
  requestTimeoutMs: 60_000,
  stallTimeoutMs: 30_000,
  retry: { retries: 3, baseMs: 1000, jitter: 'none' },
  deadlineAtMs: null,
  waitMs: 0,
  probeLeaseMs: 30_000,
};

export interface FakeGuardOptions {
  readonly clock?: VirtualClock;
  /** Without it, there is no circuit. */
  readonly gate?: CircuitGate;
  /** @default CIRCUIT */
  readonly circuit?: string;
  readonly settings?: Partial<GuardSettings>;
  readonly limiter?: RequestLimiter;
}

/** A guard on virtual time that keeps every event, and the controller that aborts it. */
export function createFakeGuard(options: FakeGuardOptions = {}) {
  const { clock = new VirtualClock(), gate, circuit = CIRCUIT, settings = {}, limiter = null } = options;
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  const abort = new AbortController();
  const guard: Guard = {
    settings: { ...SETTINGS, ...settings },
    circuit: gate === undefined ? null : new CommandCircuit(gate, circuit),
    limiter,
    waits: new WaitReport({ clock, emit }),
    clock,
    random: () => 0.5,
    signal: abort.signal,
    emit,
  };
  return { clock, guard, events, abort, kinds: () => events.map(({ kind }) => kind) };
}

/** The guard of one process, with the circuits that it shares with others. */
export function createGuardedProcess(settings: Partial<GuardSettings> = {}, circuit = CIRCUIT) {
  const clock = new VirtualClock();
  const circuits = new FakeCircuits(clock, {}, circuit);
  const process = circuits.startProcess();
  return { ...createFakeGuard({ clock, gate: process.gate, circuit, settings }), circuits, process };
}
