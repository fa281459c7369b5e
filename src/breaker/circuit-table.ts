import type { CircuitState, Transition } from '../circuit/circuit.ts';
import { formatTime } from '../clock.ts';
import { formatCause, formatNextCall, nameProcess, nameState } from '../ui/circuit-words.ts';
import { alignColumns } from '../ui/align-columns.ts';
import { escapeControls } from '../ui/escape.ts';
import { paint, type Paint } from '../ui/paint.ts';
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

/** The table of `breaker-status`, followed by details of each circuit that needs an explanation. */
export function tabulateCircuits(
  circuits: readonly InspectedCircuit[],
  { hasColour }: { readonly hasColour: boolean },
): readonly string[] {
  const rows = circuits.map(({ view }) => [
    view.name,
    nameState(view.state),
    `${view.row.failures}/${view.row.failureThreshold}`,
    view.state === 'half_open' ? `${view.row.successes}/${view.row.successThreshold}` : '-',
    formatNextCall(view, ANYWHERE),
  ]);
  const table = alignColumns([['CIRCUIT', 'STATE', 'FAILURES', 'PROBES', 'NEXT CALL'], ...rows]);
  const coloured = table.map((line, index) => {
    const state = circuits[index - 1]?.view.state;
    if (!hasColour || state === undefined) return line;
    return line.replace(` ${nameState(state)} `, ` ${paint(nameState(state), COLOURS[state])} `);
  });
  return [...coloured, ...circuits.flatMap(explainCircuit).map(escapeControls)];
}

/** How the engine of the fleet is. */
export function describeEngine({
  name,
  problem,
  answeredAgoMs,
}: NonNullable<InspectedFleet['engine']>): readonly string[] {
  const how =
    problem === null
      ? `answered ${Math.round(answeredAgoMs ?? 0)} ms ago`
      : `cannot be asked: ${problem.replaceAll('_', ' ')}; each host decides by its own circuit`;
  return ['', `fleet ${name}: ${how}`].map(escapeControls);
}

/** One line per state change, in the given order. */
export function tabulateTransitions(transitions: readonly Transition[]): readonly string[] {
  if (transitions.length === 0) return ['no state changes recorded'];
  return alignColumns([
    ['TIME', 'CIRCUIT', 'CHANGE', 'WHY', 'BY'],
    ...transitions.map(({ atMs, circuit, from, to, why, cause, manual, process }) => [
      formatTime(atMs),
      circuit,
      `${nameState(from)} > ${nameState(to)}`,
      [why.replaceAll('_', ' '), cause === null ? '' : formatCause(cause), manual?.reason ?? '']
        .filter((part) => part !== '')
        .join(': '),
      manual === null ? nameProcess(process, ANYWHERE) : manual.by,
    ]),
  ]);
}

function explainCircuit({ view, refused, trip }: InspectedCircuit): readonly string[] {
  const { row, state, isolation } = view;
  const { lastFailure } = row;
  const lines: string[] = [];
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
