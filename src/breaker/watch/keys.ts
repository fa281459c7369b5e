import { parseDuration } from '../../duration.ts';
import { assertNever } from '../../errors.ts';
import type { Key } from '../../ui/key.ts';
import { writeActionCommand, writeStatusCommand } from './shell-command.ts';
import { beginForm, editText, typeInForm } from './form.ts';
import type { WatchSnapshot } from './snapshot.ts';
import { findSelected, listShown, SPANS_MS, type Form, type Message, type WatchView } from './view.ts';

/** The action that a key requests from the caller. */
export type WatchAction =
  | { readonly kind: 'quit' }
  | { readonly kind: 'reset'; readonly circuit: string; readonly reason: string | null; readonly command: string }
  | {
      readonly kind: 'isolate';
      readonly circuit: string;
      readonly reason: string | null;
      /** Null: until a reset. */
      readonly forMs: number | null;
      readonly command: string;
    };

export interface KeyStep {
  readonly view: WatchView;
  readonly action: WatchAction | null;
}

/** Rows that page up and page down scroll. */
const PAGE_ROWS = 10;

/** The view after a key, and the action to take. Pure: the caller acts. */
export function pressKey(view: WatchView, key: Key, snapshot: WatchSnapshot): KeyStep {
  if (key.kind === 'interrupt') return { view, action: { kind: 'quit' } };
  if (view.form !== null) return typeForm(view, view.form, key);
  if (view.isFiltering) return stay(typeFilter(view, key, snapshot));
  if (view.page === 'help') {
    return key.kind === 'text' && key.text === 'q'
      ? { view, action: { kind: 'quit' } }
      : stay({ ...view, page: 'table' });
  }
  if (key.kind === 'text') return pressLetter(view, key.text, snapshot);
  return stay(move({ ...view, message: null }, key.kind, snapshot));
}

function pressLetter(view: WatchView, letter: string, snapshot: WatchSnapshot): KeyStep {
  const calm = { ...view, message: null };
  switch (letter) {
    case 'q':
      return { view, action: { kind: 'quit' } };
    case 'j':
      return stay(move(calm, 'down', snapshot));
    case 'k':
      return stay(move(calm, 'up', snapshot));
    case 'g':
      return stay(move(calm, 'home', snapshot));
    case 'G':
      return stay(move(calm, 'end', snapshot));
    case '?':
      return stay({ ...calm, page: 'help' });
    case '/':
      return stay({ ...calm, isFiltering: true });
    case ' ':
      return stay({ ...calm, isPaused: !view.isPaused });
    case 't':
      return stay({ ...calm, spanMs: findNextSpan(view.spanMs) });
    case 'r':
      return stay(openForm(calm, 'reset', snapshot));
    case 'i':
      return stay(openForm(calm, 'isolate', snapshot));
    default:
      return stay(/^[1-9]$/.test(letter) ? jump(calm, Number(letter) - 1, snapshot) : calm);
  }
}

function move(view: WatchView, kind: Key['kind'], snapshot: WatchSnapshot): WatchView {
  switch (kind) {
    case 'up':
      return step(view, -1, snapshot);
    case 'down':
      return step(view, 1, snapshot);
    case 'page_up':
      return step(view, -PAGE_ROWS, snapshot);
    case 'page_down':
      return step(view, PAGE_ROWS, snapshot);
    case 'home':
      return step(view, -Infinity, snapshot);
    case 'end':
      return step(view, Infinity, snapshot);
    case 'enter':
      return view.page === 'detail' ? leaveDetail(view) : enterDetail(view, snapshot);
    case 'escape':
      return view.page === 'detail' ? leaveDetail(view) : { ...view, filter: '' };
    case 'text':
    case 'paste':
    case 'suspend':
    case 'backspace':
    case 'clear':
    case 'interrupt':
      return view;
    default:
      return assertNever(kind);
  }
}

function step(view: WatchView, by: number, snapshot: WatchSnapshot): WatchView {
  if (view.page === 'detail') {
    const last = Math.max(0, (findSelected(snapshot, view)?.history.length ?? 0) - 1);
    return { ...view, scroll: keepBetween(view.scroll + by, last) };
  }
  const shown = listShown(snapshot, view);
  const index = shown.findIndex(({ name }) => name === findSelected(snapshot, view)?.name);
  return jump(view, keepBetween(index + by, shown.length - 1), snapshot);
}

function jump(view: WatchView, index: number, snapshot: WatchSnapshot): WatchView {
  const circuit = listShown(snapshot, view)[index];
  return circuit === undefined ? view : { ...view, selected: circuit.name, scroll: 0 };
}

function keepBetween(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

function enterDetail(view: WatchView, snapshot: WatchSnapshot): WatchView {
  const circuit = findSelected(snapshot, view);
  if (circuit === undefined) return view;
  const { stateDirectory } = view.options;
  const command = writeStatusCommand([circuit.name], { hasHistory: true, stateDirectory });
  const message: Message = { text: '', tone: 'faint', command };
  return { ...view, page: 'detail', selected: circuit.name, scroll: 0, message };
}

function leaveDetail(view: WatchView): WatchView {
  return { ...view, page: 'table', scroll: 0 };
}

function typeFilter(view: WatchView, key: Key, snapshot: WatchSnapshot): WatchView {
  const filter = editText(view.filter, key);
  if (filter !== null) return { ...view, filter };
  if (key.kind === 'escape') return { ...view, filter: '', isFiltering: false };
  if (key.kind !== 'enter') return move(view, key.kind, snapshot);
  const names = listShown(snapshot, view).map(({ name }) => name);
  const { stateDirectory } = view.options;
  const isUseful = view.filter !== '' && names.length > 0;
  const command = isUseful ? writeStatusCommand(names, { hasHistory: false, stateDirectory }) : null;
  return { ...view, isFiltering: false, message: { text: '', tone: 'faint', command } };
}

function openForm(view: WatchView, kind: Form['kind'], snapshot: WatchSnapshot): WatchView {
  const circuit = findSelected(snapshot, view);
  if (circuit === undefined) return view;
  const refuse = (text: string): WatchView => ({ ...view, message: { text, tone: 'warning', command: null } });
  if (view.options.isReadOnly) return refuse(`${kind} is disabled by --read-only`);
  const { condition } = snapshot.stateFile;
  if (condition !== 'ready' && condition !== 'missing')
    return refuse(`${kind} is disabled while the state file cannot be used`);
  return {
    ...view,
    selected: circuit.name,
    form: beginForm(kind, kind === 'reset' ? (circuit.view.isolation?.of ?? circuit.name) : circuit.name),
  };
}

function typeForm(view: WatchView, form: Form, key: Key): KeyStep {
  const stepped = typeInForm(form, key);
  switch (stepped.kind) {
    case 'open':
      return stay({ ...view, form: stepped.form });
    case 'cancelled':
      return stay({ ...view, form: null, message: { text: 'nothing was changed', tone: 'faint', command: null } });
    case 'confirmed': {
      const { kind, circuit, duration } = form;
      const reason = form.reason === '' ? null : form.reason;
      const command = writeActionCommand(form, view.options);
      const forMs = parseDuration(duration) ?? null;
      const action: WatchAction =
        kind === 'reset' ? { kind, circuit, reason, command } : { kind, circuit, reason, forMs, command };
      return { view: { ...view, form: null }, action };
    }
    default:
      return assertNever(stepped);
  }
}

function findNextSpan(spanMs: number): number {
  const index = SPANS_MS.findIndex((span) => span === spanMs);
  return SPANS_MS[(index + 1) % SPANS_MS.length] ?? spanMs;
}

function stay(view: WatchView): KeyStep {
  return { view, action: null };
}
