import type { Clock } from '../clock.ts';
import type { Moment, Step } from './change-state.ts';
import type { CircuitEvent, CircuitRow, CircuitSettings, ProcessIdentity } from './circuit.ts';
import { findBareName, toFleetName } from './circuit-name.ts';
import type { FleetReading, FleetStore } from './fleet-store.ts';
import type { FleetMember } from './host-share.ts';
import { initialRow } from './state-machine.ts';

export interface FleetStepperOptions {
  readonly store: FleetStore;
  readonly settings: CircuitSettings;
  readonly member: FleetMember;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Owner of the leases; its host is the member's. */
  readonly process: ProcessIdentity;
  /** Receives what changed, under the fleet's names. */
  readonly emit: (event: CircuitEvent) => void;
}

/** One step of the state machine on a row of the fleet. */
export type FleetStep<T> = (row: CircuitRow, moment: Moment) => Step<T>;

interface WriteOptions {
  /** A reading to begin with. */
  readonly seen?: FleetReading;
  /** Whether a row that does not exist is stored even if the step leaves it as it is. @default false */
  readonly creates?: boolean;
}

/** Runs steps of the state machine on the rows of a fleet. */
export interface FleetStepper {
  /** The circuit and its bare name as they are, or were at most a second ago; its time is that of now. */
  readonly read: (circuit: string) => Promise<FleetReading>;
  /** Forgets the last reading: whoever comes next must see what has happened since. */
  readonly forget: (circuit: string) => void;
  /** The row of a reading; of a circuit without a record, a new one. */
  readonly rowOf: (circuit: string, reading: FleetReading) => CircuitRow;
  readonly momentOf: (reading: FleetReading) => Moment;
  /** Runs a step and stores its row. Returns its result, and the row before it. */
  readonly write: <T>(
    circuit: string,
    step: FleetStep<T>,
    options?: WriteOptions,
  ) => Promise<{ readonly result: T; readonly before: CircuitRow }>;
}

/** A reading answers for this long, in ms. */
const READING_KEPT_MS = 1000;

export function createFleetStepper(options: FleetStepperOptions): FleetStepper {
  const { store, settings, member, clock, emit } = options;
  const process = { ...options.process, host: member.host };
  const readings = new Map<string, { readonly reading: FleetReading; readonly atMs: number }>();
  const momentAt = (nowMs: number): Moment => ({ nowMs, settings, process, fleet: member });
  /** What was lost, or never was, begins in an epoch that no permit has. */
  const begin = (circuit: string, nowMs: number): CircuitRow => ({
    ...initialRow(circuit, settings),
    epoch: Math.max(1, nowMs),
    hosts: [],
  });
  return {
    forget: (circuit) => void readings.delete(circuit),
    rowOf: (circuit, { rows, nowMs }) => rows.get(circuit) ?? begin(circuit, nowMs),
    momentOf: ({ nowMs }) => momentAt(nowMs),
    read: async (circuit) => {
      const known = readings.get(circuit);
      if (known !== undefined) {
        const ageMs = clock.monotonic() - known.atMs;
        if (ageMs < READING_KEPT_MS) return { ...known.reading, nowMs: known.reading.nowMs + Math.floor(ageMs) };
      }
      const bareName = findBareName(circuit);
      const reading = await store.read(bareName === null ? [circuit] : [circuit, bareName]);
      readings.set(circuit, { reading, atMs: clock.monotonic() });
      return reading;
    },
    write: async (circuit, step, { seen, creates = false } = {}) => {
      readings.delete(circuit);
      const { transitions, result } = await store.update(
        circuit,
        (stored, nowMs) => {
          const before = stored ?? begin(circuit, nowMs);
          const { row, transitions: added, result: own } = step(before, momentAt(nowMs));
          const isKept = row === before && !creates;
          return { row: isKept ? stored : row, transitions: added, result: { result: own, before } };
        },
        seen,
      );
      for (const transition of transitions)
        emit({ kind: 'circuit_changed', transition: { ...transition, circuit: toFleetName(circuit) } });
      return result;
    },
  };
}
