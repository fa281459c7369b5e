import type { CircuitChange } from './circuit-store.ts';
import type { CircuitRow, Transition } from './circuit.ts';

/** The circuits of a fleet, in an engine that all its hosts reach. Every call ends within the fleet's timeout. */
export interface FleetStore {
  /**
   * The rows of these circuits at one time of the engine's clock, in one round trip.
   * @param options `skipsNewer`: leaves out rows of a newer program and names them in `newer`, for people. @default false
   * @throws FleetFailure; `newer_row` if one of them is of a newer program
   */
  readonly read: (names: readonly string[], options?: { readonly skipsNewer?: boolean }) => Promise<FleetReading>;
  /**
   * Runs `change` on the current row and stores the result, if no other host has changed the row meanwhile; otherwise
   * again, on the row as it is then. Returning the given row writes nothing.
   * @param seen a reading to begin with, which saves a round trip
   * @throws FleetFailure; what `change` throws
   */
  readonly update: <T>(
    name: string,
    change: (row: CircuitRow | undefined, nowMs: number) => CircuitChange<T>,
    seen?: FleetReading,
  ) => Promise<CircuitChange<T>>;
  /**
   * At most `limit` transitions of one circuit, newest first, in several round trips.
   * @param query `isEnough`: ends it earlier, given those that were read. @default never
   * @throws FleetFailure
   */
  readonly transitions: (query: {
    readonly circuit: string;
    readonly limit: number;
    readonly isEnough?: (newestFirst: readonly Transition[]) => boolean;
  }) => Promise<readonly Transition[]>;
  /** The names of the stored circuits. For people: it takes a round trip for every 5000 keys of the server. @throws FleetFailure */
  readonly names: () => Promise<StoredNames>;
}

export interface StoredNames {
  /** Sorted. */
  readonly names: readonly string[];
  /** False if the server has more keys, of other programs, than are looked at. */
  readonly isComplete: boolean;
}

export interface FleetReading {
  /** The engine's clock at the reading, in ms since the Unix epoch. */
  readonly nowMs: number;
  readonly rows: ReadonlyMap<string, CircuitRow>;
  /** What is stored, as it must still be when it is replaced; missing if there is nothing. */
  readonly texts: ReadonlyMap<string, string>;
  /** With `skipsNewer`: the circuits whose rows were left out. @default none */
  readonly newer?: ReadonlySet<string>;
}

/** Why the fleet cannot be asked. The circuit of this host goes on by itself. */
export class FleetFailure extends Error {
  override readonly name = 'FleetFailure';
  /** `timeout`, `connection_refused`, `read_only` ... */
  readonly code: FleetFailureCode;

  constructor(code: FleetFailureCode, options: { readonly cause?: unknown } = {}) {
    super(`the fleet's engine: ${code}`, options);
    this.code = code;
  }
}

export type FleetFailureCode =
  | 'timeout'
  | 'host_not_found'
  | 'connection_refused'
  | 'connection_closed'
  | 'not_trusted'
  | 'tls_failed'
  | 'no_auth'
  | 'wrong_password'
  | 'no_permission'
  | 'no_database'
  | 'protected_mode'
  | 'read_only'
  | 'out_of_memory'
  | 'loading'
  | 'is_cluster'
  | 'bad_answer'
  | 'newer_row'
  | 'contended'
  | 'failed_recently'
  | 'engine_error'
  | 'internal';
