import type { CircuitView } from '../../circuit/circuit-view.ts';
import type { Transition } from '../../circuit/circuit.ts';
import { findFleetCircuit } from '../../circuit/circuit-name.ts';
import { formatClock } from '../../clock.ts';
import { formatDuration } from '../../duration.ts';
import { fit, span, truncateLine, type Line, type Span } from '../../ui/frame.ts';
import { drawSparkline, sumToFit, type Symbols } from '../../ui/symbols.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { drawCount, drawLamp, type Canvas } from './table.ts';
import {
  formatAge,
  formatCause,
  formatMoment,
  formatNextCall,
  formatQuantile,
  formatReason,
  nameProcess,
  nameState,
  sumUp,
} from '../../ui/circuit-words.ts';

const LABEL_COLUMNS = 11;
const SPARK_COLUMNS_MAX = 60;
const CAPITALS = { capitals: true };

/** The details of one circuit, most important first. Rows without data are omitted. */
export function drawDetail(
  circuit: WatchedCircuit,
  taken: WatchSnapshot,
  { columns, symbols }: Canvas,
): readonly Line[] {
  const snapshot = atClockOf(circuit, taken);
  const isInFleet = findFleetCircuit(circuit.name) !== null;
  const lines = [
    ...explainState(circuit, snapshot, symbols),
    // Operations are counted by host.
    ...(isInFleet ? explainHosts(circuit, snapshot) : explainActivity(circuit, snapshot, { columns, symbols })),
    explainSettings(circuit, snapshot),
  ];
  return lines.map((line) => truncateLine(line, columns));
}

/** The state changes, newest first, scrolled down by `scroll` rows. */
export function drawHistory(
  circuit: WatchedCircuit,
  { snapshot: taken, canvas, scroll }: { snapshot: WatchSnapshot; canvas: Canvas; scroll: number },
): readonly Line[] {
  const { history } = circuit;
  const snapshot = atClockOf(circuit, taken);
  const { columns, rows } = canvas;
  if (history.length === 0) return [[span(` ${explainNoHistory(circuit, taken)}`, 'faint')]];
  return history
    .slice(scroll, scroll + Math.max(0, rows))
    .map((transition) => truncateLine(drawTransition(transition, snapshot, canvas.symbols), columns));
}

function explainNoHistory({ name }: WatchedCircuit, { fleet }: WatchSnapshot): string {
  const problem = findFleetCircuit(name) === null ? null : (fleet?.historyProblem ?? null);
  return problem === null
    ? 'no state changes recorded'
    : `the state changes cannot be read: ${problem.replaceAll('_', ' ')}`;
}

/** The snapshot at the clock that the circuit's times are of. */
function atClockOf({ clockAheadMs }: WatchedCircuit, snapshot: WatchSnapshot): WatchSnapshot {
  return clockAheadMs === 0 ? snapshot : { ...snapshot, takenAtMs: snapshot.takenAtMs + clockAheadMs };
}

/** The hosts of a fleet that failed, and how many must have. */
function explainHosts({ view: { row } }: WatchedCircuit, { fleet }: WatchSnapshot): readonly Line[] {
  const failed = (row.hosts ?? []).filter(({ failures }) => failures > 0);
  const hosts = failed.map(({ host, failures }) => `${host} ${failures}`).join(', ');
  const quorum = fleet === null ? '' : `; it opens when ${countOf(fleet.quorum, 'host')} failed`;
  return [label('failures', span(`${hosts === '' ? 'of no host' : `by host: ${hosts}`}${quorum}`))];
}

function drawTransition(transition: Transition, { takenAtMs, host }: WatchSnapshot, symbols: Symbols): Line {
  const { atMs, from, to, manual, process } = transition;
  return [
    span(` ${fit(formatMoment(atMs, takenAtMs), LABEL_COLUMNS)} `, 'faint'),
    span(`${nameState(from, CAPITALS)} ${symbols.arrow} `),
    span(nameState(to, CAPITALS), to),
    span(`  ${formatReason(transition)}`),
    span(`  ${manual === null ? nameProcess(process, { host }) : `by ${manual.by}`}`, 'faint'),
  ];
}

function explainState(circuit: WatchedCircuit, { takenAtMs, host }: WatchSnapshot, symbols: Symbols): readonly Line[] {
  const { view, refused, history, isClockAskew } = circuit;
  const { row, state } = view;
  const lines: Line[] = [
    label(
      'state',
      drawLamp(state, symbols),
      span('  '),
      drawCount(circuit, symbols),
      span(`  ${formatNextCall(view, { host })}`),
      span(formatProbeTime(view, takenAtMs)),
    ),
  ];
  if (row.lease !== null && view.refusal === 'probe_in_progress') {
    const startedAtMs = history.find(({ to }) => to === 'half_open')?.atMs;
    const since = startedAtMs === undefined ? '' : `, half-open for ${formatAge(takenAtMs - startedAtMs)}`;
    const rest = `slot free in ${formatAge(row.lease.expiresAtMs - takenAtMs)} unless renewed${since}`;
    lines.push(label('probe', span(nameProcess(row.lease.owner, { host }), 'half_open'), span(`, ${rest}`)));
  }
  if (row.lastFailure !== null) {
    const { atMs, process, message } = row.lastFailure;
    const where = `, ${formatAge(takenAtMs - atMs)} ago, ${nameProcess(process, { host })}`;
    lines.push(label('last error', span(formatCause(row.lastFailure), 'warning'), span(`${where}: ${message}`)));
  }
  const trip = history.find(({ to }) => to === 'open');
  if (trip !== undefined && (state === 'open' || state === 'half_open')) {
    const opener = `opened ${formatAge(takenAtMs - trip.atMs)} ago by ${nameProcess(trip.process, { host })}`;
    lines.push(label('outage', span(`${opener}, ${countOf(refused, 'call')} refused since`)));
  }
  if (view.isolation !== null || row.manual !== null) lines.push(explainManual(circuit, takenAtMs));
  if (isClockAskew) {
    lines.push(label('clock', span('opened in the future: a clock was wrong then or is wrong now', 'warning')));
  }
  return lines;
}

/** From the row: a sum of the time left and the time of the snapshot would change with each of them. */
function formatProbeTime({ refusal, row }: CircuitView, takenAtMs: number): string {
  const { openedAtMs, openForMs } = row;
  if (refusal !== 'open' || openedAtMs === null || openForMs === null) return '';
  return `, at ${formatClock(openedAtMs + openForMs, takenAtMs)}`;
}

function explainManual({ view: { name, row, isolation }, refused }: WatchedCircuit, takenAtMs: number): Line {
  const { by, atMs, reason, untilMs } = isolation ?? row.manual ?? { by: '', atMs: 0, reason: null, untilMs: null };
  const isIsolated = isolation !== null || row.state === 'isolated';
  const isEveryScope = isolation !== null && isolation.of !== name;
  const what = isEveryScope ? `every scope of ${isolation.of} isolated` : isIsolated ? 'isolated' : 'reset';
  const end = untilMs === null ? ', until a reset' : `, until ${formatClock(untilMs, takenAtMs)}`;
  const until = isIsolated ? end : '';
  const calls = isolation !== null && refused > 0 ? `, ${refused} refused since` : '';
  return label(
    'by hand',
    span(`${what} by ${by} ${formatAge(takenAtMs - atMs)} ago${until}${calls}${reason === null ? '' : `: ${reason}`}`),
  );
}

function explainActivity(
  { activity }: WatchedCircuit,
  { spanMs }: WatchSnapshot,
  { columns, symbols }: Pick<Canvas, 'columns' | 'symbols'>,
): readonly Line[] {
  const { successes, errors, refused, retries, p50Ms, p95Ms } = activity;
  const width = Math.max(5, Math.min(SPARK_COLUMNS_MAX, columns - LABEL_COLUMNS - 40));
  const all = successes.map((count, index) => count + (errors[index] ?? 0));
  // Errors use the same scale as all operations.
  const peak = Math.max(0, ...sumToFit(all, width));
  const row = (name: string, values: readonly number[], text: string, tone: Span['tone']): Line =>
    label(
      name,
      span(drawSparkline(values, width, symbols, name === 'refused' ? undefined : peak), tone),
      span(` ${text}`),
    );
  const quantiles = `50% within ${formatQuantile(p50Ms)}, 95% within ${formatQuantile(p95Ms)}`;
  const lines = [
    row(`ops ${formatDuration(spanMs)}`, all, `${sumUp(all)}${sumUp(all) === 0 ? '' : `, ${quantiles}`}`, 'plain'),
  ];
  if (sumUp(errors) > 0) lines.push(row('errors', errors, String(sumUp(errors)), 'warning'));
  if (sumUp(refused) > 0) lines.push(row('refused', refused, String(sumUp(refused)), 'open'));
  if (sumUp(retries) > 0) {
    const last = retries.findLastIndex((count) => count > 0);
    const counts = retries.slice(0, last + 1).map((count, index) => `${count} x retry ${index + 1}`);
    lines.push(label('retries', span(counts.join(', '))));
  }
  return lines;
}

function explainSettings({ view: { row } }: WatchedCircuit, { settings }: WatchSnapshot): Line {
  const { failureThreshold, successThreshold, openForMs } = row;
  const wait = formatDuration(openForMs ?? settings.openForMs);
  return label(
    'settings',
    span(
      `opens after ${countOf(failureThreshold, 'failure')} in a row for ${wait}, closes after ${countOf(successThreshold, 'probe')}; a probe has ${formatDuration(settings.probeLeaseMs)}`,
      'faint',
    ),
  );
}

function label(name: string, ...spans: readonly Span[]): Line {
  return [span(` ${fit(name, LABEL_COLUMNS)} `, 'faint'), ...spans];
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
