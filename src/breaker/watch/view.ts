import type { CircuitState } from '../../circuit/circuit.ts';
import type { Tone } from '../../ui/frame.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';

/** Choices for the activity span, in ms; the first is the default. */
export const SPANS_MS = [300_000, 900_000, 3_600_000] as const;

/** The user's choices. Together with a snapshot and a size they determine every character on the screen. */
export interface WatchView {
  readonly page: 'table' | 'detail' | 'help';
  /** Full name; null or an unknown name means the first. */
  readonly selected: string | null;
  /** Rows scrolled down in the detail's history. */
  readonly scroll: number;
  /** Shows only circuits whose name contains this. */
  readonly filter: string;
  readonly isFiltering: boolean;
  /** The screen keeps an old snapshot. */
  readonly isPaused: boolean;
  readonly spanMs: number;
  /** The open form. */
  readonly form: Form | null;
  /** The result of the last key. */
  readonly message: Message | null;
  readonly options: WatchOptions;
}

export interface WatchOptions {
  /** Disables reset and isolate. */
  readonly isReadOnly: boolean;
  /** From the command line, for the displayed commands; null if not given. */
  readonly stateDirectory: string | null;
}

/** A manual change being entered: its fields, then the confirmation. */
export interface Form {
  readonly kind: 'reset' | 'isolate';
  readonly circuit: string;
  readonly field: 'for' | 'reason' | 'sure';
  /** As typed: a duration, or nothing for "until reset". */
  readonly duration: string;
  readonly reason: string;
  /** Why the input is invalid. */
  readonly problem: string | null;
}

export interface Message {
  readonly text: string;
  readonly tone: Tone;
  /** The equivalent shell command; null if there is none. */
  readonly command: string | null;
}

/** The first view, on the circuit that is most in trouble: only its details are on the first screen. */
export function beginView(
  options: WatchOptions,
  { circuits }: Pick<WatchSnapshot, 'circuits'> = { circuits: [] },
): WatchView {
  const [worst] = orderByTrouble(circuits);
  return {
    page: 'table',
    selected: worst?.name ?? null,
    scroll: 0,
    filter: '',
    isFiltering: false,
    isPaused: false,
    spanMs: SPANS_MS[0],
    form: null,
    message: null,
    options,
  };
}

/** Circuits in the order of the attention that they need; otherwise as given. */
export function orderByTrouble(circuits: readonly WatchedCircuit[]): readonly WatchedCircuit[] {
  return circuits.toSorted((a, b) => TROUBLE.indexOf(a.view.state) - TROUBLE.indexOf(b.view.state));
}

/** An outage first, then its end, then what somebody has done on purpose. */
const TROUBLE: readonly CircuitState[] = ['open', 'half_open', 'isolated', 'closed'];

/** The circuits that match the filter. */
export function listShown(
  { circuits }: WatchSnapshot,
  { filter }: Pick<WatchView, 'filter'>,
): readonly WatchedCircuit[] {
  const wanted = filter.toLowerCase();
  return circuits.filter(({ view }) => view.name.toLowerCase().includes(wanted));
}

/** The circuit that keys act on; undefined if none is shown. */
export function findSelected(snapshot: WatchSnapshot, view: WatchView): WatchedCircuit | undefined {
  const shown = listShown(snapshot, view);
  return shown.find(({ name }) => name === view.selected) ?? shown[0];
}
