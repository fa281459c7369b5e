import type { CircuitsChanged, CircuitsFound, WatchLine } from './circuit-documents.ts';
import type { CompletionScript, NamesKnown } from './completion-documents.ts';
import type { ConfigFound, ConfigSchema } from './config-documents.ts';
import type { ChecksDone } from './doctor-documents.ts';
import type { FailureDocument } from './failure-document.ts';
import type * as lines from './log-lines.ts';
import type { FamiliesMeasured, MetricsReset, MetricsSent, MetricsServed } from './metrics-documents.ts';
import type { SandboxServed } from './sandbox-documents.ts';
import type { SweepDone, SweepPlanned, SweepReportLine, SweepStarted } from './sweep-documents.ts';
import type { GetPlanned, ManyGot, ManyPut, ObjectGot, ObjectPut, PutPlanned } from './transfer-documents.ts';

/** The fields of a command's document besides those of every document. */
export type ResultFields =
  | ObjectPut
  | PutPlanned
  | ManyPut
  | ObjectGot
  | GetPlanned
  | ManyGot
  | SweepStarted
  | SweepPlanned
  | SweepDone
  | CircuitsFound
  | CircuitsChanged
  | FamiliesMeasured
  | MetricsSent
  | MetricsReset
  | MetricsServed
  | ConfigFound
  | ConfigSchema
  | ChecksDone
  | CompletionScript
  | NamesKnown
  | SandboxServed;

interface Success<Command extends string> {
  /** Whether the exit status is 0. */
  readonly ok: true;
  readonly command: Command;
}

interface Failure<Command extends string | null> {
  /** Whether the exit status is 0. */
  readonly ok: false;
  readonly command: Command;
  readonly error: FailureDocument;
}

/** A document of a command: its result, a failure, or a failure that also has a result. */
type Documents<Command extends string, Result, FailedResult = never> =
  | (Success<Command> & Result)
  | Failure<Command>
  | (Failure<Command> & FailedResult);

/** Everything that the program writes as JSON. Each property is a schema in `docs/schema/`. */
export interface Outputs {
  /** The document of `put --json`. */
  readonly put: Documents<'put', ObjectPut | PutPlanned | ManyPut, PutPlanned | ManyPut>;
  /** The document of `get --json`. */
  readonly get: Documents<'get', ObjectGot | GetPlanned | ManyGot, ManyGot>;
  /** The document of `sweep --json`. */
  readonly sweep: Documents<'sweep', SweepStarted | SweepPlanned | SweepDone, SweepStarted | SweepPlanned | SweepDone>;
  /** The document of `breaker-status --json`, and the last line of `breaker-status --watch --json`. */
  readonly 'breaker-status': Documents<'breaker-status', CircuitsFound, CircuitsFound>;
  /** A line of `breaker-status --watch --json`, before the last. */
  readonly 'breaker-status-watch': WatchLine;
  /** The document of `breaker-reset --json`. */
  readonly 'breaker-reset': Documents<'breaker-reset', CircuitsChanged, CircuitsChanged>;
  /** The document of `breaker-isolate --json`. */
  readonly 'breaker-isolate': Documents<'breaker-isolate', CircuitsChanged, CircuitsChanged>;
  /** The document of `metrics --json`. */
  readonly metrics: Documents<'metrics', FamiliesMeasured | MetricsSent | MetricsReset | MetricsServed>;
  /** The document of `metrics --format json`. */
  readonly 'metrics-format': FamiliesMeasured;
  /** The document of `config --json`. */
  readonly config: Documents<'config', ConfigFound | ConfigSchema, ConfigFound>;
  /** The document of `completion --json`. */
  readonly completion: Documents<'completion', CompletionScript | NamesKnown>;
  /** The document of `doctor --json`. */
  readonly doctor: Documents<'doctor', ChecksDone, ChecksDone>;
  /** The document of `sandbox --json`. */
  readonly sandbox: Documents<'sandbox', SandboxServed>;
  /** The document of a command line that names no command. */
  readonly 'no-command': Failure<null>;
  /** A line of the file that `sweep --report` writes. */
  readonly 'sweep-report': SweepReportLine;
  /** A line on standard error with `--log-format json`. */
  readonly log: LogDocument;
}

/** A line on standard error with `--log-format json`. */
export type LogDocument =
  | lines.ErrorLine
  | lines.WarningLine
  | lines.AttemptFailedLine
  | lines.RetryScheduledLine
  | lines.OperationFinishedLine
  | lines.CircuitChangedLine
  | lines.CircuitRefusedLine
  | lines.ResultIgnoredLine
  | lines.WaitStartedLine
  | lines.DeletesAdaptedLine
  | lines.NotVerifiedLine
  | lines.CredentialsSoughtLine
  | lines.FleetFailedLine
  | lines.ProgressLine
  | lines.MetricsServedLine
  | lines.SandboxStartedLine
  | lines.PhaseStartedLine
  | lines.RequestLine;
