import { toFleetName } from '../circuit/circuit-name.ts';
import type { Transition } from '../circuit/circuit.ts';
import { FleetFailure, type FleetFailureCode } from '../circuit/fleet-store.ts';
import { BreakwaterError, type ErrorDetails } from '../errors.ts';
import type { BreakerContext, ShownFleet } from './breaker-context.ts';
import { adviseFleet } from './explain-fleet-failure.ts';
import { noFleetError } from './select-circuits.ts';

/** What became of each circuit that was to be changed for all hosts. */
export interface FleetChanges {
  readonly changes: readonly Transition[];
  readonly unchanged: readonly UnchangedCircuit[];
  /** `unavailable` if no circuit was changed, `partial` if some were, or what ended the command; null if all were. */
  readonly failure: BreakwaterError | null;
}

/** A circuit of the fleet that stays as it is, under the fleet's name. */
export interface UnchangedCircuit {
  readonly circuit: string;
  /** Null if the command ended first. */
  readonly code: FleetFailureCode | null;
}

type Failed = UnchangedCircuit & { readonly code: FleetFailureCode };

interface FleetChange {
  /** The circuits to change, by their names without the fleet's mark. @throws FleetFailure */
  readonly select: (fleet: ShownFleet) => Promise<readonly string[]>;
  /** @throws FleetFailure */
  readonly change: (fleet: ShownFleet, circuit: string) => Promise<Transition>;
}

/** These are about one circuit; whatever else fails is about the engine. */
const OF_ONE_CIRCUIT: ReadonlySet<FleetFailureCode> = new Set(['newer_row', 'contended', 'no_permission']);

/** The connection ended, or no answer came: the change may have been stored. */
const IS_UNSURE: ReadonlySet<FleetFailureCode> = new Set(['timeout', 'connection_closed']);

/** An engine that fails for so many circuits in a row is not asked for the others. */
const ENGINE_FAILURES_MAX = 3;

/** Circuits that a message names. */
const NAMED_MAX = 5;

/**
 * Changes circuits for all hosts, one after the other: one that cannot be changed keeps no other from it.
 * @throws BreakwaterError `usage` without a fleet, `unavailable` if the engine cannot be asked for the circuits
 */
export async function changeFleet(
  context: Pick<BreakerContext, 'fleet' | 'signal'>,
  { select, change }: FleetChange,
): Promise<FleetChanges> {
  const fleet = await context.fleet();
  if (fleet === null) throw noFleetError('--fleet needs the URL of a fleet');
  const circuits = await orUnavailable(fleet, async () => await select(fleet));
  const changes: Transition[] = [];
  const unchanged: UnchangedCircuit[] = [];
  let [engineFailures, lastCode]: [number, FleetFailureCode | null] = [0, null];
  for (const name of circuits) {
    const circuit = toFleetName(name);
    if (context.signal.aborted) unchanged.push({ circuit, code: null });
    else if (engineFailures >= ENGINE_FAILURES_MAX) unchanged.push({ circuit, code: lastCode });
    else {
      const changed = await attempt(async () => await change(fleet, name), context.signal);
      if ('transition' in changed) changes.push(changed.transition);
      else unchanged.push({ circuit, code: changed.code });
      lastCode = 'code' in changed ? changed.code : null;
      engineFailures = lastCode === null || OF_ONE_CIRCUIT.has(lastCode) ? 0 : engineFailures + 1;
    }
  }
  return { changes, unchanged, failure: findFailure(fleet, { changes, unchanged, signal: context.signal }) };
}

async function orUnavailable<T>({ name }: ShownFleet, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FleetFailure)) throw error;
    const message = `the fleet at ${name} was not changed: ${say(error.code)}`;
    throw new BreakwaterError('unavailable', message, {
      cause: error,
      details: { reason: `fleet_${error.code}`, hint: adviseFleet(error.code) },
    });
  }
}

async function attempt(
  change: () => Promise<Transition>,
  signal: AbortSignal,
): Promise<{ readonly transition: Transition } | { readonly code: FleetFailureCode | null }> {
  try {
    return { transition: await change() };
  } catch (error) {
    if (error instanceof FleetFailure) return { code: error.code };
    if (signal.aborted) return { code: null };
    throw error;
  }
}

function findFailure(
  { name }: ShownFleet,
  { changes, unchanged, signal }: Omit<FleetChanges, 'failure'> & { readonly signal: AbortSignal },
): BreakwaterError | null {
  const failed = unchanged.flatMap(({ circuit, code }) => (code === null ? [] : [{ circuit, code }]));
  const [first] = failed;
  // What ended the command ended the changes, too.
  if (failed.length < unchanged.length && signal.reason instanceof BreakwaterError) return signal.reason;
  if (first === undefined) return null;
  const why = describe(failed);
  const details = detailsOf(first.code, failed);
  if (changes.length === 0) {
    return new BreakwaterError('unavailable', `the fleet at ${name} was not changed: ${why}`, { details });
  }
  const count = `${failed.length} of ${changes.length + failed.length} circuits of the fleet at ${name}`;
  return new BreakwaterError('partial', `${count} ${failed.length === 1 ? 'was' : 'were'} not changed: ${why}`, {
    details,
  });
}

/** `newer row (fleet/s3-upload@x, fleet/s3-upload@y); contended (fleet/s3-download@x)` */
function describe(failed: readonly Failed[]): string {
  const codes = [...new Set(failed.map(({ code }) => code))];
  return codes
    .map((code) => {
      const circuits = failed.filter((each) => each.code === code).map(({ circuit }) => circuit);
      const more = circuits.length > NAMED_MAX ? [`${circuits.length - NAMED_MAX} more`] : [];
      return `${say(code)} (${[...circuits.slice(0, NAMED_MAX), ...more].join(', ')})`;
    })
    .join('; ');
}

function detailsOf(reason: FleetFailureCode, failed: readonly Failed[]): Pick<ErrorDetails, 'reason' | 'hint'> {
  const advice = reason === 'contended' ? 'run the command again' : adviseFleet(reason);
  // The request may have arrived, and its answer be lost.
  const isUnsure = failed.some(({ code }) => IS_UNSURE.has(code));
  const look = isUnsure ? '; the change may have arrived all the same: see breakwater breaker-status' : '';
  return { reason: `fleet_${reason}`, hint: `${advice}${look}` };
}

function say(code: FleetFailureCode): string {
  return code.replaceAll('_', ' ');
}
