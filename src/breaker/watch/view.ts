import type { Tone } from '../../ui/frame.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';

/** How far back the activity can be looked at, in ms; the first is where it begins. */
export const SPANS_MS = [300_000, 900_000, 3_600_000] as const;

/** What the person at the screen has chosen so far. With a snapshot and a size it decides every character. */
export interface WatchView {
  readonly page: 'table' | 'detail' | 'help';
  /** Full name; null, or a name that is not there: the first. */
  readonly selected: string | null;
  /** Rows scrolled down in the detail's history. */
  readonly scroll: number;
  /** Only circuits whose names contain it are shown. */
  readonly filter: string;
  readonly isFiltering: boolean;
  /** The screen stands still; what it shows is as old as it says. */
  readonly isPaused: boolean;
  readonly spanMs: number;
  /** The question that is open. */
  readonly form: Form | null;
  /** What the last key brought about. */
  readonly message: Message | null;
  readonly options: WatchOptions;
}

export interface WatchOptions {
  /** Resetting and isolating are off. */
  readonly isReadOnly: boolean;
  /** As it stood on the command line: commands that are shown must name it too. */
  readonly stateDirectory: string | null;
}

/** A change by hand before it is made: its fields one after the other, then whether it is meant. */
export interface Form {
  readonly kind: 'reset' | 'isolate';
  readonly circuit: string;
  readonly field: 'for' | 'reason' | 'sure';
  /** As it is typed: a duration, or nothing for "until a reset". */
  readonly duration: string;
  readonly reason: string;
  /** Why what was typed will not do. */
  readonly problem: string | null;
}

export interface Message {
  readonly text: string;
  readonly tone: Tone;
  /** The same from a shell; null where there is nothing like it. */
  readonly command: string | null;
}

export function beginView(options: WatchOptions): WatchView {
  return {
    page: 'table',
    selected: null,
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

/** The circuits that the filter lets through. */
export function listShown(
  { circuits }: WatchSnapshot,
  { filter }: Pick<WatchView, 'filter'>,
): readonly WatchedCircuit[] {
  const wanted = filter.toLowerCase();
  return circuits.filter(({ view }) => view.name.toLowerCase().includes(wanted));
}

/** The circuit that keys are about; undefined where none is shown. */
export function findSelected(snapshot: WatchSnapshot, view: WatchView): WatchedCircuit | undefined {
  const shown = listShown(snapshot, view);
  return shown.find(({ name }) => name === view.selected) ?? shown[0];
}
