import type { CircuitState, Transition } from '../../circuit/circuit.ts';
import { formatTime, type Clock } from '../../clock.ts';
import { assertNever } from '../../errors.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { SPANS_MS } from './view.ts';
import { formatCause, formatNextCall, formatReason, nameProcess } from '../../ui/circuit-words.ts';
import { circuitDocument, transitionDocument } from '../circuit-document.ts';
import type { InspectedCircuit } from '../inspect-circuits.ts';
import { nameState } from '../circuit-table.ts';
import { escapeControls } from '../../ui/escape.ts';
import type { WatchReader } from './reader.ts';

/** How often the state is looked at, in ms. */
const TICK_MS = 250;
const OUT: ReadonlySet<CircuitState> = new Set(['open', 'half_open']);

export interface LineWatch {
  readonly reader: WatchReader;
  readonly clock: Clock;
  /** Ends it: that is no failure. */
  readonly signal: AbortSignal;
  /** Lines are JSON documents. */
  readonly isJson: boolean;
  readonly print: (lines: readonly string[]) => void;
  /** Whether anybody still reads. */
  readonly isRead: () => boolean;
}

/** Prints every circuit once, then what changes, until the signal. @returns how it was last */
export async function watchAsLines(watch: LineWatch): Promise<WatchSnapshot> {
  const { reader, clock, signal, print, isRead } = watch;
  const news = new News();
  let snapshot = await reader.read(SPANS_MS[0]);
  for (;;) {
    const told = news.take(snapshot);
    if (told.length > 0) print(told.map((one) => (watch.isJson ? toJson(one, snapshot) : toLine(one, snapshot))));
    if (signal.aborted || !isRead()) return snapshot;
    await clock.sleep(TICK_MS, signal).catch(() => undefined);
    if (signal.aborted) return snapshot;
    snapshot = await reader.read(SPANS_MS[0]);
  }
}

/** The same facts as `breaker-status` inspects. */
export function toInspected({ view, refused, history }: WatchedCircuit): InspectedCircuit {
  const trip = OUT.has(view.state) ? (history.find(({ to }) => to === 'open') ?? null) : null;
  return { view, refused, trip };
}

type Told =
  | { readonly kind: 'state_file' }
  | { readonly kind: 'change'; readonly transition: Transition }
  | { readonly kind: 'circuit'; readonly circuit: WatchedCircuit };

/** What is new since the last time: no change of state is missed, however fast they came. */
class News {
  #condition = 'ready';
  /** By circuit: the last change that was told of, and how the circuit then was. */
  readonly #known = new Map<string, { readonly epoch: number; readonly key: string }>();

  take({ stateFile, circuits }: WatchSnapshot): readonly Told[] {
    const told: Told[] = [];
    if (stateFile.condition !== this.#condition) told.push({ kind: 'state_file' });
    this.#condition = stateFile.condition;
    // Where nothing can be read, nothing is known: what was told stays as it was.
    if (stateFile.condition !== 'ready' && stateFile.condition !== 'missing') return told;
    for (const circuit of circuits) {
      const { row } = circuit.view;
      const before = this.#known.get(circuit.name);
      const key = keyOf(circuit);
      if (before?.key === key && before.epoch === row.epoch) continue;
      const newer = before === undefined ? [] : circuit.history.filter(({ epoch }) => epoch > before.epoch);
      told.push(...newer.toReversed().map((transition): Told => ({ kind: 'change', transition })));
      told.push({ kind: 'circuit', circuit });
      this.#known.set(circuit.name, { epoch: row.epoch, key });
    }
    return told;
  }
}

/** Everything about a circuit that is worth a line; not what time alone changes. */
function keyOf({ view: { state, refusal, row } }: WatchedCircuit): string {
  return JSON.stringify([state, refusal, row.failures, row.successes, row.lease?.token, row.manual?.untilMs]);
}

function toJson(told: Told, { takenAtMs, stateFile }: WatchSnapshot): string {
  const at = formatTime(takenAtMs);
  switch (told.kind) {
    case 'state_file': {
      const { path, condition } = stateFile;
      return JSON.stringify({ event: told.kind, at, state_file: { path, condition } });
    }
    case 'change':
      return JSON.stringify({ event: told.kind, at, change: transitionDocument(told.transition) });
    case 'circuit':
      return JSON.stringify({ event: told.kind, at, circuit: circuitDocument(toInspected(told.circuit)) });
    default:
      return assertNever(told);
  }
}

function toLine(told: Told, { takenAtMs, stateFile, host }: WatchSnapshot): string {
  switch (told.kind) {
    case 'state_file':
      return escapeControls(
        `${formatTime(takenAtMs)}  state file ${stateFile.path}: ${stateFile.condition.replaceAll('_', ' ')}`,
      );
    case 'change': {
      const { atMs, circuit, from, to, manual, process } = told.transition;
      const who = manual === null ? nameProcess(process, host) : manual.by;
      return escapeControls(
        `${formatTime(atMs)}  ${circuit}  ${nameState(from)} > ${nameState(to)}: ${formatReason(told.transition)}, ${who}`,
      );
    }
    case 'circuit':
      return escapeControls(formatInLine(told.circuit, takenAtMs));
    default:
      return assertNever(told);
  }
}

function formatInLine({ view }: WatchedCircuit, nowMs: number): string {
  const { name, state, row } = view;
  const count =
    state === 'half_open'
      ? `${row.successes}/${row.successThreshold} probes`
      : `${row.failures}/${row.failureThreshold} failures`;
  const cause = row.lastFailure !== null && row.failures > 0 ? `, last error ${formatCause(row.lastFailure)}` : '';
  return `${formatTime(nowMs)}  ${name}  ${nameState(state)}  ${count}, ${formatNextCall(view, nowMs)}${cause}`;
}
