import type { CircuitName, CircuitSettings } from '../circuit/circuit.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Clock } from '../clock.ts';
import type { State } from '../state/state.ts';

/** What showing and changing circuits needs of a command. */
export interface BreakerContext {
  /** Opens the local state, once. */
  readonly state: () => Promise<State>;
  /** Closes the state and opens it again, for a file that was replaced. The gate must be fetched again. */
  readonly reopenState: () => Promise<State>;
  /** The gate on the state that is open. */
  readonly gate: () => Promise<CircuitGate>;
  /** The full name of a circuit: `s3-upload@eu-west-1`. @throws BreakwaterError `config` */
  readonly circuitName: (name: CircuitName) => string;
  readonly clock: Clock;
  /** Used for circuits without a record. */
  readonly settings: CircuitSettings;
  /** Ends a watch without an error. */
  readonly signal: AbortSignal;
}
