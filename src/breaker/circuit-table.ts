import type { CircuitView } from '../circuit/circuit-view.ts';
import type { CircuitState, FailureCause, ProcessIdentity, Transition } from '../circuit/circuit.ts';
import { formatDuration } from '../duration.ts';
import type { InspectedCircuit } from './inspect-circuits.ts';
import { escapeControls } from '../ui/escape.ts';
import { formatTime } from '../clock.ts';
import { assertNever } from '../errors.ts';

const WORDS: Readonly<Record<CircuitState, string>> = {
  closed: 'closed',
  open: 'open',
  half_open: 'half-open',
  isolated: 'isolated',
};

/** 31 red, 32 green, 33 yellow, 35 magenta: never alone, the word stands beside it. */
const COLOURS: Readonly<Record<CircuitState, string>> = { closed: '32', open: '31', half_open: '33', isolated: '35' };

/** A state as a word in prose. */
export function nameState(state: CircuitState): string {
  return WORDS[state];
}

/** The table of `breaker-status`, and a line for each circuit that has something to explain. */
export function tabulateCircuits(
  circuits: readonly InspectedCircuit[],
  { hasColour, nowMs }: { hasColour: boolean; nowMs: number },
): readonly string[] {
  const rows = circuits.map(({ view }) => [
    escapeControls(view.name),
    WORDS[view.state],
    `${view.row.failures}/${view.row.failureThreshold}`,
    view.state === 'half_open' ? `${view.row.successes}/${view.row.successThreshold}` : '-',
    formatNext(view, nowMs),
  ]);
  const table = alignColumns([['CIRCUIT', 'STATE', 'FAILURES', 'PROBES', 'NEXT CALL'], ...rows]);
  const coloured = table.map((line, index) => {
    const state = circuits[index - 1]?.view.state;
    if (!hasColour || state === undefined) return line;
    return line.replace(` ${WORDS[state]} `, ` \u001b[${COLOURS[state]}m${WORDS[state]}\u001b[0m `);
  });
  return [...coloured, ...circuits.flatMap(explainCircuit)];
}

/** One line a change of state, as they were given. */
export function tabulateTransitions(transitions: readonly Transition[]): readonly string[] {
  if (transitions.length === 0) return ['no change of state is recorded'];
  return alignColumns([
    ['TIME', 'CIRCUIT', 'CHANGE', 'WHY', 'BY'],
    ...transitions.map(({ atMs, circuit, from, to, why, cause, manual, process }) => [
      formatTime(atMs),
      escapeControls(circuit),
      `${WORDS[from]} > ${WORDS[to]}`,
      [why.replaceAll('_', ' '), cause === null ? '' : formatCause(cause), manual?.reason ?? '']
        .filter((part) => part !== '')
        .map(escapeControls)
        .join(': '),
      manual === null ? nameProcess(process) : escapeControls(manual.by),
    ]),
  ]);
}

function formatNext({ refusal, retryAfterMs, state, row }: CircuitView, nowMs: number): string {
  switch (refusal) {
    case 'open':
      return `probe in ${formatSecondsUp(retryAfterMs ?? 0)}`;
    case 'probe_in_progress':
      return row.lease === null ? 'refused' : `refused: ${nameProcess(row.lease.owner)} is probing`;
    case 'isolated': {
      const untilMs = row.manual?.untilMs ?? null;
      return untilMs === null ? 'refused until reset' : `refused for ${formatSecondsUp(untilMs - nowMs)}`;
    }
    case null:
      return state === 'half_open' ? 'goes out as a probe' : 'goes out';
    default:
      return assertNever(refusal);
  }
}

function explainCircuit({ view, refused, trip }: InspectedCircuit): readonly string[] {
  const { row, state } = view;
  const { lastFailure, manual } = row;
  const lines: string[] = [];
  if (state === 'isolated' && manual !== null) {
    const reason = manual.reason === null ? '' : `: ${escapeControls(manual.reason)}`;
    lines.push(`isolated by ${escapeControls(manual.by)} at ${formatTime(manual.atMs)}${reason}`);
  }
  if (lastFailure !== null && (row.failures > 0 || state !== 'closed')) {
    lines.push(
      `last error ${formatCause(lastFailure)}, ${formatTime(lastFailure.atMs)}, ${nameProcess(lastFailure.process)}`,
    );
  }
  if (trip !== null) lines.push(`opened at ${formatTime(trip.atMs)} by ${nameProcess(trip.process)}`);
  if (refused > 0 && state !== 'closed')
    lines.push(`${refused} ${refused === 1 ? 'call' : 'calls'} refused since it opened`);
  return lines.length === 0 ? [] : ['', `${escapeControls(row.name)}:`, ...lines.map((line) => `  ${line}`)];
}

function formatCause({ code, httpStatus, requestId }: FailureCause): string {
  const facts = [
    ...(httpStatus === null ? [] : [`HTTP ${httpStatus}`]),
    ...(requestId === null ? [] : [`request id ${escapeControls(requestId)}`]),
  ];
  return [escapeControls(code), ...facts].join(', ');
}

function nameProcess({ command, pid, host }: ProcessIdentity): string {
  return `${escapeControls(command)} (pid ${pid} on ${escapeControls(host)})`;
}

/** Whole seconds, rounded up: who comes back then is not early. */
function formatSecondsUp(ms: number): string {
  return formatDuration(Math.ceil(ms / 1000) * 1000);
}

/** Columns as wide as their widest cell, two blanks between, none at the end of a line. */
function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
