import type { CircuitState, RefusalReason, Transition } from '../circuit/circuit.ts';
import type { FleetFailureCode } from '../circuit/fleet-store.ts';
import type { StateProblem } from '../state/state.ts';
import type { Count, HttpStatus, Milliseconds, TimeText } from './values.ts';

/** A process of this program. */
export interface ProcessDocument {
  /**
   * Its process id.
   * @asType integer
   */
  readonly pid: number;
  /** Name of its host. */
  readonly host: string;
  /** The command, without arguments: `put`. */
  readonly command: string;
}

/** A failure that a circuit has counted. */
export interface CauseDocument {
  readonly at: TimeText;
  /** S3's code, or a word for a network fault: `SlowDown`, `connection_reset`. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** Null if there was no response. */
  readonly http_status: HttpStatus | null;
  /** S3's id of the request; null if it sent none. */
  readonly request_id: string | null;
  /** The process that met it. */
  readonly process: ProcessDocument;
}

/** A reset or an isolation by hand. */
export interface ManualDocument {
  /** The user who did it. */
  readonly by: string;
  readonly at: TimeText;
  /** As given with `--reason`. */
  readonly reason: string | null;
  /** End of an isolation; null for a reset, or for an isolation that lasts until a reset. */
  readonly until: TimeText | null;
}

/** An isolation that refuses calls. */
export interface IsolationDocument extends ManualDocument {
  /** The name that was isolated: a full name, or `s3-upload` for every scope. */
  readonly circuit: string;
}

/** What one host of a fleet has reported of a circuit. */
export interface HostDocument {
  readonly host: string;
  /** Its failures of the streak; in half-open, its failed probes. */
  readonly failures: Count;
  /** The last of them. */
  readonly at: TimeText;
}

/** The holder of the probe slot. */
export interface ProbeDocument {
  /** Another process may take the slot then. */
  readonly expires_at: TimeText;
  readonly process: ProcessDocument;
}

/** A circuit. */
export interface CircuitDocument {
  /** Full name, with its scope: `s3-upload@eu-west-1`; `fleet/...` for a circuit of a fleet. */
  readonly name: string;
  /** As a call arriving now would find it. */
  readonly state: CircuitState;
  /** Whether such a call is refused. */
  readonly would_refuse: boolean;
  /** Why it is refused; null if it is not. */
  readonly reason: RefusalReason | null;
  /** For how long it is refused; null if it is not, or for an isolation without an end. */
  readonly retry_after_ms: Milliseconds | null;
  /** 0 when a probe is due; null unless open or half-open. */
  readonly next_probe_in_ms: Milliseconds | null;
  /** Consecutive failures. */
  readonly failures: Count;
  /** How many of them open it. */
  readonly failure_threshold: Count;
  /** Successful probes. */
  readonly successes: Count;
  /** How many of them close it. */
  readonly success_threshold: Count;
  /** Increases with every state change. */
  readonly epoch: Count;
  readonly opened_at: TimeText | null;
  /** How long it stays open before a probe. */
  readonly open_for_ms: Milliseconds | null;
  /** When the state last changed; null if it never did. */
  readonly changed_at: TimeText | null;
  /** The process that opened it. */
  readonly opened_by: ProcessDocument | null;
  /** Calls refused since it last left closed. */
  readonly refused_since_opened: Count;
  readonly probe: ProbeDocument | null;
  /** The last failure that it counted. */
  readonly last_error: CauseDocument | null;
  /** The last reset or isolation by hand. */
  readonly manual: ManualDocument | null;
  /** What isolates it now. */
  readonly isolation: IsolationDocument | null;
  /** Only of a circuit of a fleet: who has failed. */
  readonly hosts?: readonly HostDocument[];
}

/** A state change. */
export interface ChangeDocument {
  readonly at: TimeText;
  /** Full name of the circuit, or `s3-upload` if every scope changed. */
  readonly circuit: string;
  readonly from: CircuitState;
  readonly to: CircuitState;
  /** The epoch that it started. */
  readonly epoch: Count;
  readonly why: Transition['why'];
  /** The failure that caused it. */
  readonly cause: CauseDocument | null;
  /** The manual action that caused it. */
  readonly manual: ManualDocument | null;
  readonly process: ProcessDocument;
}

/** What is known of a fleet's engine. */
export interface FleetDocument {
  /** Its address. */
  readonly engine: string;
  /** Why it cannot be asked; null if it can. */
  readonly problem: FleetFailureCode | null;
  /** How long ago it last answered, in milliseconds; null if it never did. */
  readonly answered_ms_ago: Milliseconds | null;
  /** Circuits that are left out, because a newer breakwater has written them; only if there are some. */
  readonly newer_circuits?: readonly string[];
  /** Why the state changes of the fleet are unknown, and with them `opened_by` and `refused_since_opened`; only if they are. */
  readonly history_problem?: FleetFailureCode;
}

/** The file with the circuits and metrics. */
export interface StateFileDocument {
  readonly path: string;
  /** Why it cannot be used; null if it can. */
  readonly problem: StateProblem | null;
}

/** What breaker-status found. */
export interface CircuitsFound {
  readonly circuits: readonly CircuitDocument[];
  /** Only with `--history`: newest first. */
  readonly history?: readonly ChangeDocument[];
  readonly state_file: StateFileDocument;
  /** Only with a fleet. */
  readonly fleet?: FleetDocument;
}

/** What breaker-reset and breaker-isolate changed. */
export interface CircuitsChanged {
  readonly changes: readonly ChangeDocument[];
  /** Circuits of a fleet that stay as they are; only if there are some. */
  readonly not_changed?: readonly UnchangedDocument[];
  /** Names such as `s3-upload`, whose isolation of every scope still refuses circuits that were reset; only if there are some. */
  readonly still_isolated?: readonly string[];
}

/** A circuit of a fleet that was not changed. */
export interface UnchangedDocument {
  /** Its name: `fleet/s3-upload@eu-west-1`. */
  readonly circuit: string;
  /** Why, such as `fleet_newer_row`; null if the command ended first. */
  readonly reason: `fleet_${FleetFailureCode}` | null;
}

/** One line of `breaker-status --watch --json`, before the last. */
export type WatchLine =
  | {
      /** All of a circuit: once at the start, then whenever something other than time has changed. */
      readonly event: 'circuit';
      readonly at: TimeText;
      readonly circuit: CircuitDocument;
    }
  | {
      /** A state change, before the `circuit` event that it led to. */
      readonly event: 'change';
      readonly at: TimeText;
      readonly change: ChangeDocument;
    }
  | {
      /** The fleet's engine answers, or cannot be asked any more. */
      readonly event: 'fleet';
      readonly at: TimeText;
      readonly fleet: FleetDocument;
    }
  | {
      /** The state file became usable or unusable. */
      readonly event: 'state_file';
      readonly at: TimeText;
      readonly state_file: {
        readonly path: string;
        /** `missing` means that nothing has been recorded yet; all others except `ready` say why it cannot be used. */
        readonly condition: 'ready' | 'missing' | StateProblem;
      };
    };
