import type { CircuitState, Transition } from '../circuit/circuit.ts';
import { formatTime } from '../clock.ts';
import { formatAllowedAgain, formatCause, formatNextCall, nameProcess, nameState } from '../ui/circuit-words.ts';
import { alignColumns } from '../ui/align-columns.ts';
import { escapeControls } from '../escape.ts';
import { measureColumns } from '../ui/frame.ts';
import { paint, type Paint } from '../ui/paint.ts';
import { wrapText } from '../ui/wrap.ts';
import { describeFleetFailure } from './explain-fleet-failure.ts';
import type { InspectedFleet } from './fleet-circuits.ts';
import type { InspectedCircuit } from './inspect-circuits.ts';

const COLOURS: Readonly<Record<CircuitState, Paint>> = {
  closed: 'green',
  open: 'red',
  half_open: 'yellow',
  isolated: 'magenta',
};

/** The table may be read on another machine, so every process is named with its host. */
const ANYWHERE = { host: null };

/** Most urgent first: what refuses calls because S3 fails, what tries it, then what somebody has done on purpose. */
const URGENCY: readonly CircuitState[] = ['open', 'half_open', 'isolated', 'closed'];

/** How lines are laid out. */
export interface Layout {
  /** The width of the terminal. Infinity, as in a pipe, wraps nothing and always makes a table. */
  readonly columns: number;
}

interface CircuitLayout extends Layout {
  readonly hasColour: boolean;
  /** Wall clock, in ms. */
  readonly nowMs: number;
}

/**
 * The table of `breaker-status`, most urgent first, followed by details of each circuit that needs an explanation. A
 * table that does not fit becomes a list.
 */
export function tabulateCircuits(circuits: readonly InspectedCircuit[], layout: CircuitLayout): readonly string[] {
  const ordered = circuits.toSorted((a, b) => URGENCY.indexOf(a.view.state) - URGENCY.indexOf(b.view.state));
  const explained = ordered.flatMap((circuit) => explainCircuit(circuit, layout.nowMs));
  return [...drawCircuits(ordered, layout), ...wrapDetails(explained, layout)];
}

function drawCircuits(circuits: readonly InspectedCircuit[], { columns, hasColour }: CircuitLayout): readonly string[] {
  const rows = circuits.map(({ view }) => [
    view.name,
    nameState(view.state),
    `${view.row.failures}/${view.row.failureThreshold}`,
    view.state === 'half_open' ? `${view.row.successes}/${view.row.successThreshold}` : '-',
    formatNextCall(view, ANYWHERE),
  ]);
  const table = alignColumns([['CIRCUIT', 'STATE', 'FAILURES', 'PROBES', 'NEXT CALL'], ...rows]);
  const colour = (line: string, state: CircuitState | undefined): string =>
    !hasColour || state === undefined
      ? line
      : line.replace(` ${nameState(state)} `, ` ${paint(nameState(state), COLOURS[state])} `);
  if (fits(table, columns)) return table.map((line, index) => colour(line, circuits[index - 1]?.view.state));
  return circuits.flatMap(({ view }, index) => {
    const [, state = '', failures = '', probes = '-', next = ''] = rows[index] ?? [];
    const facts = [state, `${failures} failures`, ...(probes === '-' ? [] : [`${probes} probes`]), next];
    const [first = '', ...more] = wrapText(escapeControls(`  ${facts.join('  ')}`), { columns, indent: '  ' });
    return [...wrapText(escapeControls(view.name), { columns }), colour(first, view.state), ...more];
  });
}

/** Whether each line has room. */
function fits(lines: readonly string[], columns: number): boolean {
  return lines.every((line) => measureColumns(line) <= columns);
}

/** Escaped lines, each on as many rows as it needs, with the rest further in. */
function wrapDetails(lines: readonly string[], { columns }: Layout): readonly string[] {
  return lines.map(escapeControls).flatMap((line) => wrapText(line, { columns, indent: '    ' }));
}
/** How the engine of the fleet is. */
export function describeEngine(
  { name, problem, answeredAgoMs, newer = [] }: NonNullable<InspectedFleet['engine']>,
  layout: Layout,
): readonly string[] {
  const how =
    problem === null
      ? `answered ${Math.round(answeredAgoMs ?? 0)} ms ago`
      : `cannot be asked: ${describeFleetFailure(problem)}; each host decides by its own circuit`;
  const left = newer.map((circuit) => `${circuit} is not shown: a newer breakwater has written it; update this host`);
  return wrapDetails(['', `fleet ${name}: ${how}`, ...left], layout);
}

interface HistoryLayout extends Layout {
  /** Whether those of a fleet are missing, because they cannot be read. @default false */
  readonly isFleetMissing?: boolean;
}

/** One line per state change, in the given order; a table that does not fit becomes a list. */
export function tabulateTransitions(transitions: readonly Transition[], layout: HistoryLayout): readonly string[] {
  const { isFleetMissing = false } = layout;
  if (transitions.length === 0) return [`no state changes recorded${isFleetMissing ? ' on this host' : ''}`];
  const rows = transitions.map(({ atMs, circuit, from, to, why, cause, manual, process }) => [
    formatTime(atMs),
    circuit,
    `${nameState(from)} > ${nameState(to)}`,
    [why.replaceAll('_', ' '), cause === null ? '' : formatCause(cause), manual?.reason ?? '']
      .filter((part) => part !== '')
      .join(': '),
    manual === null ? nameProcess(process, ANYWHERE) : manual.by,
  ]);
  const table = alignColumns([['TIME', 'CIRCUIT', 'CHANGE', 'WHY', 'BY'], ...rows]);
  if (fits(table, layout.columns)) return table;
  const lines = rows.flatMap(([time, circuit, change, why, by]) => [
    `${time}  ${circuit}  ${change}`,
    `  ${why}, by ${by}`,
  ]);
  return wrapDetails(lines, layout);
}

function explainCircuit({ view, refused, trip }: InspectedCircuit, nowMs: number): readonly string[] {
  const { row, state, isolation } = view;
  const { lastFailure } = row;
  const allowedAgain = formatAllowedAgain(view, nowMs);
  const lines: string[] = allowedAgain === null ? [] : [allowedAgain];
  if (isolation !== null) {
    const { of, by, atMs, reason } = isolation;
    const what = of === view.name ? 'isolated' : `every scope of ${of} isolated`;
    lines.push(`${what} by ${by} at ${formatTime(atMs)}${reason === null ? '' : `: ${reason}`}`);
  }
  if (lastFailure !== null && (row.failures > 0 || state !== 'closed')) {
    const where = nameProcess(lastFailure.process, ANYWHERE);
    lines.push(`last error ${formatCause(lastFailure)}, ${formatTime(lastFailure.atMs)}, ${where}`);
  }
  if (row.hosts !== undefined && row.hosts.length > 0)
    lines.push(`failures by host: ${row.hosts.map(({ host, failures }) => `${host} ${failures}`).join(', ')}`);
  if (trip !== null) lines.push(`opened at ${formatTime(trip.atMs)} by ${nameProcess(trip.process, ANYWHERE)}`);
  if (refused > 0 && state !== 'closed')
    lines.push(`${refused} ${refused === 1 ? 'call' : 'calls'} refused since it opened`);
  return lines.length === 0 ? [] : ['', `${row.name}:`, ...lines.map((line) => `  ${line}`)];
}
