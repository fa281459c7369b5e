import type { CircuitGate } from '../../src/circuit/circuit-gate.ts';
import type { Guard, GuardSettings } from '../../src/guard/guard.ts';
import type { Event } from '../../src/events.ts';
import { CIRCUIT } from './fake-circuits.ts';
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
  /** Of the circuit CIRCUIT; without it, there is no circuit. */
  readonly gate?: CircuitGate;
  readonly settings?: Partial<GuardSettings>;
}

/** A guard on virtual time that keeps every event, and the controller that aborts it. */
export function createFakeGuard({ clock = new VirtualClock(), gate, settings = {} }: FakeGuardOptions = {}) {
  const events: Event[] = [];
  const abort = new AbortController();
  const guard: Guard = {
    settings: { ...SETTINGS, ...settings },
    circuit: gate === undefined ? null : { gate, name: CIRCUIT },
    clock,
    random: () => 0.5,
    signal: abort.signal,
    emit: (event) => events.push(event),
  };
  return { clock, guard, events, abort, kinds: () => events.map(({ kind }) => kind) };
}
