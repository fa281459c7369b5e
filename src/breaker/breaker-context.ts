import type { CircuitName, CircuitSettings } from '../circuit/circuit.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { FleetGate } from '../circuit/fleet-gate.ts';
import type { FleetStore } from '../circuit/fleet-store.ts';
import type { FleetMember } from '../circuit/host-share.ts';
import type { Clock } from '../clock.ts';
import type { State } from '../state/state.ts';

/** The fleet as people see and change it. */
export interface ShownFleet {
  /** The engine, without user and password. */
  readonly name: string;
  /** This host's place in it. */
  readonly member: FleetMember;
  readonly gate: FleetGate;
  readonly store: FleetStore & { readonly answeredAtMs: () => number | null };
}

/** The parts of a command used to show and change circuits. */
export interface BreakerContext {
  /** Opens the local state once, on first use. */
  readonly state: () => Promise<State>;
  /** Closes and reopens the state, in case the file was replaced. The gate must be fetched again. */
  readonly reopenState: () => Promise<State>;
  /** The gate on the open state. */
  readonly gate: () => Promise<CircuitGate>;
  /** The fleet that the settings name; null without one. */
  readonly fleet: () => Promise<ShownFleet | null>;
  /** The full name of a circuit: `s3-upload@eu-west-1`. @throws BreakwaterError `config` */
  readonly circuitName: (name: CircuitName) => string;
  readonly clock: Clock;
  /** Used for circuits without a record. */
  readonly settings: CircuitSettings;
  /** Ends a watch without an error. */
  readonly signal: AbortSignal;
}
