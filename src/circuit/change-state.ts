import { assertNever } from '../errors.ts';
import type { CircuitChange } from './circuit-store.ts';
import type { FleetMember } from './host-share.ts';
import type {
  CircuitRow,
  CircuitSettings,
  CircuitState,
  FailureCause,
  ManualChange,
  ProcessIdentity,
  Transition,
} from './circuit.ts';

/** Input of every step of the state machine. No step reads a clock, a file or a source of randomness. */
export interface Moment {
  /** Wall clock, in ms since the Unix epoch. */
  readonly nowMs: number;
  readonly settings: CircuitSettings;
  /** The calling process: owner of any lease it takes, author of any transition it causes. */
  readonly process: ProcessIdentity;
  /** The caller's place in a fleet; undefined for the circuit of one machine. */
  readonly fleet?: FleetMember | undefined;
}

/** One step: the row to store, the transitions to record, and the result. An unchanged row is not written. */
export type Step<T> = CircuitChange<T> & { readonly row: CircuitRow };

/** The new state, and why. */
export interface StateChange {
  readonly to: CircuitState;
  readonly why: Transition['why'];
  readonly cause?: FailureCause | null;
  readonly manual?: ManualChange;
}

/**
 * The only way to change the state: raises the epoch, ends the lease, resets successes to 0 and records the change.
 * Failures and their hosts stay for display until the circuit closes or is isolated.
 *
 * The epoch is at least the time in ms: a row that was lost and begins again at 0 never repeats an epoch, so no permit
 * from before the loss counts afterwards.
 */
export function changeState(
  row: CircuitRow,
  { to, why, cause = null, manual }: StateChange,
  { nowMs, settings, process }: Moment,
): Step<Transition> {
  const epoch = Math.max(row.epoch + 1, nowMs);
  const transition: Transition = {
    circuit: row.name,
    atMs: nowMs,
    from: row.state,
    to,
    epoch,
    why,
    cause,
    manual: manual ?? null,
    process,
  };
  const changed: CircuitRow = {
    ...row,
    state: to,
    epoch,
    successes: 0,
    failureThreshold: settings.failureThreshold,
    successThreshold: settings.successThreshold,
    lease: null,
    manual: manual ?? null,
    changedAtMs: nowMs,
    ...waitOf(row, to, { nowMs, settings }),
    ...(row.hosts === undefined || to === 'open' ? {} : { hosts: [] }),
  };
  return { row: changed, transitions: [transition], result: transition };
}

/** The stored wait of a state: new on opening, kept for display while half-open, otherwise removed. */
function waitOf(
  row: CircuitRow,
  to: CircuitState,
  { nowMs, settings }: Pick<Moment, 'nowMs' | 'settings'>,
): Pick<CircuitRow, 'openedAtMs' | 'openForMs' | 'failures'> {
  const { openedAtMs, openForMs, failures } = row;
  switch (to) {
    case 'open':
      return { openedAtMs: nowMs, openForMs: settings.openForMs, failures };
    case 'half_open':
      return { openedAtMs, openForMs, failures };
    case 'closed':
    case 'isolated':
      return { openedAtMs: null, openForMs: null, failures: 0 };
    default:
      return assertNever(to);
  }
}
