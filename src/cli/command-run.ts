import type { Readable, Writable } from 'node:stream';
import type { CircuitName, ProcessIdentity } from '../circuit/circuit.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Clock } from '../clock.ts';
import type { BreakwaterError } from '../errors.ts';
import type { ResultFields } from '../documents/outputs.ts';
import type { EventSink } from '../events.ts';
import type { OpenedFleet } from './fleet/fleet-access.ts';
import type { State } from '../state/state.ts';
import type { Symbols } from '../ui/symbols.ts';
import type { AwsContext } from './settings/aws-config.ts';
import type { NamedFile } from './settings/named-file.ts';
import type { Output } from './output/output.ts';
import type { Environment, Settings } from './settings/resolve-settings.ts';

/** The services of one command. Costly ones are opened on first use. */
export interface CommandRun {
  /** The command's name: `put`. */
  readonly command: string;
  /** This program's version. */
  readonly version: string;
  readonly settings: Settings;
  readonly env: Environment;
  readonly clock: Clock;
  /** Aborted by a signal (`interrupted`) or by `--deadline` (`deadline`), with that error as its reason. */
  readonly signal: AbortSignal;
  /** The deadline on the monotonic clock, in ms; null without one. */
  readonly deadlineAtMs: number | null;
  /** Sends an event to the log, progress, metrics and added readers. A failing reader is dropped with a warning. */
  readonly emit: EventSink;
  readonly addReader: (reader: EventSink) => void;
  readonly output: Output;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** The symbols that the terminal can display. */
  readonly symbols: Symbols;
  /** Endpoint, region and profile, resolved without the SDK. @throws BreakwaterError `config` */
  readonly aws: () => AwsContext;
  /** The certificate authorities from the AWS settings; null for Node's own. */
  readonly caBundle: () => NamedFile | null;
  /** The full name: `s3-upload@eu-west-1`. @throws BreakwaterError `config` */
  readonly circuitName: (name: CircuitName) => string;
  readonly processIdentity: () => ProcessIdentity;
  /** Opens the local state once, on first use. */
  readonly state: () => Promise<State>;
  /** Closes and reopens the state, in case the file was replaced. The gate must be fetched again. */
  readonly reopenState: () => Promise<State>;
  /** The gate on the open state. */
  readonly gate: () => Promise<CircuitGate>;
  /** The fleet that the settings name; null without one. Opened once, on first use; connects with its first call. */
  readonly fleet: () => Promise<OpenedFleet | null>;
  /** Runs `close` when the command ends, however it ends; in reverse order of addition. */
  readonly onClose: (close: () => void | Promise<void>) => void;
}

/** What a command returns. The base class prints it and chooses the exit status. */
export interface CommandResult {
  /** Fields of the JSON document besides `ok` and `command`; null for a result that is never printed as JSON. */
  readonly json: ResultFields | null;
  /** The requested output, as lines on stdout; also printed with `--quiet`. */
  readonly lines?: readonly string[];
  /** One sentence about what was done, on stdout; not printed with `--quiet`. */
  readonly summary?: string | null;
  /** A failure that also has a result, such as `partial` or a check's `circuit_open`. Determines the exit status. */
  readonly failure?: BreakwaterError;
  /** Whether the failure is the answer to a question, so that `--quiet` leaves it to the status. @default false */
  readonly isFailureAnAnswer?: boolean;
}
