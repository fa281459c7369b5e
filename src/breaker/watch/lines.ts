import { findBareName } from '../../circuit/circuit-name.ts';
import type { CircuitState, Transition } from '../../circuit/circuit.ts';
import { formatTime } from '../../clock.ts';
import type { WatchLine } from '../../documents/circuit-documents.ts';
import { assertNever } from '../../errors.ts';
import type { WatchedCircuit, WatchedFleet, WatchSnapshot } from './snapshot.ts';
import { SPANS_MS } from './view.ts';
import { formatCause, formatNextCall, formatReason, nameProcess, nameState } from '../../ui/circuit-words.ts';
import type { BreakerContext } from '../breaker-context.ts';
import { circuitDocument, engineDocument, transitionDocument } from '../circuit-document.ts';
import type { InspectedCircuit } from '../inspect-circuits.ts';
import { escapeControls } from '../../escape.ts';
import type { WatchReader } from './reader.ts';
import { toJsonText } from '../../json-text.ts';

/** How often the state is checked, in ms. */
const TICK_MS = 250;
const OUT: ReadonlySet<CircuitState> = new Set(['open', 'half_open']);

export interface LineOutput {
  /** Each line is a JSON document. */
  readonly isJson: boolean;
  readonly print: (lines: readonly string[]) => void;
  /** False once the reader has closed the pipe. */
  readonly isRead: () => boolean;
}

interface LineWatch extends LineOutput, Pick<BreakerContext, 'clock' | 'signal'> {
  readonly reader: WatchReader;
}

/** Prints every circuit once, then each change, until the signal aborts. @returns the last snapshot */
export async function watchAsLines(watch: LineWatch): Promise<WatchSnapshot> {
  const { reader, clock, signal, print, isRead } = watch;
  const changes = new Changes();
  let snapshot = await reader.read(SPANS_MS[0]);
  for (;;) {
    const entries = changes.take(snapshot);
    const write = (entry: Entry): string =>
      watch.isJson ? toJsonText(toWatchLine(entry, snapshot)) : escapeControls(toLine(entry, snapshot));
    if (entries.length > 0) print(entries.map(write));
    if (signal.aborted || !isRead()) return snapshot;
    await clock.sleep(TICK_MS, signal).catch(() => undefined);
    if (signal.aborted) return snapshot;
    snapshot = await reader.read(SPANS_MS[0]);
  }
}

/** The same facts that `breaker-status` shows. */
export function toInspected({ view, refused, history }: WatchedCircuit): InspectedCircuit {
  const trip = OUT.has(view.state) ? (history.find(({ to }) => to === 'open') ?? null) : null;
  return { view, refused, trip };
}

type Entry =
  | { readonly kind: 'state_file' }
  | { readonly kind: 'fleet'; readonly fleet: WatchedFleet }
  | { readonly kind: 'change'; readonly transition: Transition }
  | { readonly kind: 'circuit'; readonly circuit: WatchedCircuit };

/** Finds changes since the last snapshot. The history supplies state changes between two snapshots. */
class Changes {
  #condition = 'ready';
  /** Of the fleet's engine; undefined before anything is known of it. */
  #problem: WatchedFleet['problem'] | undefined;
  /** By circuit: the last change reported, and the circuit as it was then. */
  readonly #reported = new Map<string, { readonly epoch: number; readonly key: string }>();
  /** By bare name: the epoch of the last change reported. */
  readonly #epochs = new Map<string, number>();

  take({ stateFile, circuits, fleet }: WatchSnapshot): readonly Entry[] {
    const entries: Entry[] = [];
    if (stateFile.condition !== this.#condition) entries.push({ kind: 'state_file' });
    this.#condition = stateFile.condition;
    if (fleet !== null && fleet.problem !== this.#problem) {
      entries.push({ kind: 'fleet', fleet });
      this.#problem = fleet.problem;
    }
    // An unusable file says nothing about circuits, so keep the reported ones.
    if (stateFile.condition !== 'ready' && stateFile.condition !== 'missing') return entries;
    for (const circuit of circuits) {
      const { row } = circuit.view;
      const before = this.#reported.get(circuit.name);
      const key = keyOf(circuit);
      entries.push(...this.#takeOfAllScopes(circuit));
      if (before?.key === key && before.epoch === row.epoch) continue;
      const newer = before === undefined ? [] : ownHistory(circuit).filter(({ epoch }) => epoch > before.epoch);
      entries.push(...newer.toReversed().map(toEntry));
      entries.push({ kind: 'circuit', circuit });
      this.#reported.set(circuit.name, { epoch: row.epoch, key });
    }
    return entries;
  }

  /** The changes of the bare name, which are in every scope's history but reported once. */
  #takeOfAllScopes({ name, history }: WatchedCircuit): readonly Entry[] {
    const bareName = findBareName(name);
    if (bareName === null) return [];
    const changes = history.filter(({ circuit }) => circuit === bareName);
    const before = this.#epochs.get(bareName);
    this.#epochs.set(bareName, changes[0]?.epoch ?? before ?? 0);
    return before === undefined
      ? []
      : changes
          .filter(({ epoch }) => epoch > before)
          .toReversed()
          .map(toEntry);
  }
}

function ownHistory({ name, history }: WatchedCircuit): readonly Transition[] {
  return history.filter(({ circuit }) => circuit === name);
}

function toEntry(transition: Transition): Entry {
  return { kind: 'change', transition };
}

/** The facts whose change is reported. Passing time alone changes none of them. */
function keyOf({ view: { state, refusal, row, isolation } }: WatchedCircuit): string {
  return JSON.stringify([
    state,
    refusal,
    row.failures,
    row.successes,
    row.lease?.token,
    isolation?.of,
    isolation?.epoch,
  ]);
}

function toWatchLine(entry: Entry, { takenAtMs, stateFile }: WatchSnapshot): WatchLine {
  const at = formatTime(takenAtMs);
  switch (entry.kind) {
    case 'state_file': {
      const { path, condition } = stateFile;
      return { event: entry.kind, at, state_file: { path, condition } };
    }
    case 'fleet':
      return { event: entry.kind, at, fleet: engineDocument(entry.fleet) };
    case 'change':
      return { event: entry.kind, at, change: transitionDocument(entry.transition) };
    case 'circuit':
      return { event: entry.kind, at, circuit: circuitDocument(toInspected(entry.circuit)) };
    default:
      return assertNever(entry);
  }
}

function toLine(entry: Entry, snapshot: WatchSnapshot): string {
  const { takenAtMs, stateFile, host } = snapshot;
  switch (entry.kind) {
    case 'state_file':
      return `${formatTime(takenAtMs)}  state file ${stateFile.path}: ${stateFile.condition.replaceAll('_', ' ')}`;
    case 'fleet': {
      const { name, problem } = entry.fleet;
      const how = problem === null ? 'answers' : `cannot be asked: ${problem.replaceAll('_', ' ')}`;
      return `${formatTime(takenAtMs)}  fleet ${name}: ${how}`;
    }
    case 'change': {
      const { atMs, circuit, from, to, manual, process } = entry.transition;
      const who = manual === null ? nameProcess(process, { host }) : manual.by;
      return `${formatTime(atMs)}  ${circuit}  ${nameState(from)} > ${nameState(to)}: ${formatReason(entry.transition)}, ${who}`;
    }
    case 'circuit':
      return formatCircuit(entry.circuit, snapshot);
    default:
      return assertNever(entry);
  }
}

function formatCircuit({ view }: WatchedCircuit, { takenAtMs, host }: WatchSnapshot): string {
  const { name, state, row } = view;
  const count =
    state === 'half_open'
      ? `${row.successes}/${row.successThreshold} probes`
      : `${row.failures}/${row.failureThreshold} failures`;
  const cause = row.lastFailure !== null && row.failures > 0 ? `, last error ${formatCause(row.lastFailure)}` : '';
  return `${formatTime(takenAtMs)}  ${name}  ${nameState(state)}  ${count}, ${formatNextCall(view, { host })}${cause}`;
}
