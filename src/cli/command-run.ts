import type { Readable, Writable } from 'node:stream';
import type { CircuitName, ProcessIdentity } from '../circuit/circuit.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Clock } from '../clock.ts';
import type { BreakwaterError } from '../errors.ts';
import type { EventSink } from '../events.ts';
import type { State } from '../state/state.ts';
import type { Symbols } from '../ui/symbols.ts';
import type { AwsContext } from './settings/aws-config.ts';
import type { NamedFile } from './settings/named-file.ts';
import type { Output } from './output/output.ts';
import type { Environment, Settings } from './settings/resolve-settings.ts';

/** What a command gets from around it. What costs something is opened when first asked for. */
export interface CommandRun {
  /** The command's name: `put`. */
  readonly command: string;
  /** Of this program. */
  readonly version: string;
  readonly settings: Settings;
  readonly env: Environment;
  readonly clock: Clock;
  /** Aborted by a signal (`interrupted`) or by `--deadline` (`deadline`), with that error as its reason. */
  readonly signal: AbortSignal;
  /** When the command must end, on the monotonic clock, in ms; null without a deadline. */
  readonly deadlineAtMs: number | null;
  /** Tells log, progress, metrics and every reader added. A reader that fails is dropped with a warning. */
  readonly emit: EventSink;
  readonly addReader: (reader: EventSink) => void;
  readonly output: Output;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** The marks that the terminal can show. */
  readonly look: Symbols;
  /** Endpoint, region and profile, found without the SDK. @throws BreakwaterError `config` */
  readonly aws: () => AwsContext;
  /** The certificate authorities that the AWS settings name; null for those that Node knows. */
  readonly caBundle: () => NamedFile | null;
  /** The full name: `s3-upload@eu-west-1`. @throws BreakwaterError `config` */
  readonly circuitName: (name: CircuitName) => string;
  readonly processIdentity: () => ProcessIdentity;
  /** Opens the local state, once. */
  readonly state: () => Promise<State>;
  /** Lets go of what was opened and opens it anew: for commands that look for long. A gate must be asked for again. */
  readonly reopenState: () => Promise<State>;
  /** The circuits' gate on the state that is open. */
  readonly gate: () => Promise<CircuitGate>;
  /** Runs `close` when the command ends, whichever way; the last added runs first. */
  readonly onClose: (close: () => void | Promise<void>) => void;
}

/** What a command hands back; the base prints it and chooses the exit status. */
export interface CommandResult {
  /** Fields of the JSON document beside `ok` and `command`; keys in snake_case. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What was asked for, as lines on stdout; printed also under `--quiet`. */
  readonly lines?: readonly string[];
  /** A sentence that it is done, on stdout; not under `--quiet`. */
  readonly summary?: string | null;
  /** A failure that comes with a result: `partial`, or `circuit_open` of a check. Decides the exit status. */
  readonly failure?: BreakwaterError;
}
