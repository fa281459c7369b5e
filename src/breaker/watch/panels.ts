import type { CircuitState } from '../../circuit/circuit.ts';
import { formatTime } from '../../clock.ts';
import { formatAge, nameState } from '../../ui/circuit-words.ts';
import { fit, measureLine, span, truncateLine, type Line, type Span } from '../../ui/frame.ts';
import { formatBytes, formatTimeLeft } from '../../ui/progress/progress-text.ts';
import { drawBar } from '../../ui/symbols.ts';
import type { StateFileView, WatchedFleet, WatchedJob, WatchSnapshot } from './snapshot.ts';
import { drawLamp, type Canvas } from './table.ts';
import type { WatchView } from './view.ts';

/** The states that need attention; the header counts them. */
const ATTENTION: readonly CircuitState[] = ['open', 'isolated', 'half_open'];

const BAR_COLUMNS = 16;
/** A running transfer reports every 2 s. One silent for longer than this is stuck or stopped, in ms. */
const SILENT_AFTER_MS = 10_000;

const KEYS: readonly (readonly [string, string])[] = [
  ['j k, arrows', 'move; g G, home end: first, last; 1-9: that row'],
  ['enter', 'details and history of the circuit; esc: back'],
  ['/', 'show only circuits whose name contains a text'],
  ['t', 'time span of the activity: 5m, 15m, 1h'],
  ['space', 'pause and resume'],
  ['r', 'reset: force the circuit closed; asks first'],
  ['i', 'isolate: force the circuit open, for a time or until a reset; asks first'],
  ['?', 'this help'],
  ['q, ctrl-c', 'quit'],
];

const STATES: readonly (readonly [CircuitState, string])[] = [
  ['closed', 'calls are allowed; a number of failures in a row opens it'],
  ['open', 'calls are refused without a request until a probe is due'],
  ['half_open', 'one probe at a time is allowed; a number of successes closes it'],
  ['isolated', 'forced open by hand'],
];

type Problem = Exclude<StateFileView['condition'], 'ready'>;

/** The problem, and its effect or remedy. */
const EXPLANATIONS: Readonly<Record<Problem, readonly [string, string]>> = {
  missing: [
    'nothing has been recorded here yet:',
    'every circuit of this host is closed; the first transfer creates the file',
  ],
  unwritable: ['the state file cannot be read or written:', 'check the permissions of the file and its directory'],
  locked: ['the state file is locked by another process:', 'retrying every 2 s'],
  full: ['the state file cannot be used because its disk is full:', 'free some space; retrying every 2 s'],
  corrupt: ['the state file is corrupt:', 'the next command that writes to it renames it and creates a new one'],
  newer_schema: ['the state file was written by a newer breakwater:', 'update breakwater to see its circuits'],
  foreign: ['the state file belongs to another program:', 'choose another directory with --state-dir'],
  network_file_system: [
    'the state file is on a network file system, where file locks are unreliable:',
    'choose a directory on a local disk with --state-dir',
  ],
};

/**
 * The top line: host, state file and counts of circuits on the left, live or paused on the right. The time has no
 * seconds, because a ticking clock would redraw an idle screen.
 */
export function drawHeader(snapshot: WatchSnapshot, view: WatchView, { columns, symbols }: Canvas): Line {
  const { host, stateFile, circuits, takenAtMs } = snapshot;
  const status: readonly Span[] = [
    ...(view.options.isReadOnly ? [span('read-only  ', 'faint')] : []),
    view.isPaused ? span('PAUSED', 'warning') : span('live', 'closed'),
    span(` ${formatTime(takenAtMs).slice(11, 16)} UTC`),
  ];
  const counts = ATTENTION.flatMap((state) => {
    const count = circuits.filter((circuit) => circuit.view.state === state).length;
    return count === 0
      ? []
      : [span(`  ${symbols.lamps[state]} ${count} ${nameState(state, { capitals: true })}`, state)];
  });
  const what = `  ${circuits.length} ${circuits.length === 1 ? 'circuit' : 'circuits'}`;
  const room = columns - measureLine(status) - 2;
  const long: Line = [span(' breakwater', 'strong'), span(`  ${host}  ${stateFile.path}${what}`), ...counts];
  const short: Line = [span(' breakwater', 'strong'), span(what), ...counts];
  const left = truncateLine(measureLine(long) <= room ? long : short, Math.max(0, room));
  const gap = Math.max(1, columns - measureLine(left) - measureLine(status) - 1);
  return [...left, span(' '.repeat(gap)), ...status];
}

/** The running transfers and sweeps, oldest first. Those that do not fit are counted. */
export function drawJobs(snapshot: WatchSnapshot, canvas: Canvas): readonly Line[] {
  const { jobs } = snapshot;
  const room = jobs.length > canvas.rows ? Math.max(0, canvas.rows - 1) : canvas.rows;
  const lines = jobs.slice(0, room).map((job) => truncateLine(drawJob(job, snapshot, canvas), canvas.columns));
  const hidden = jobs.length - lines.length;
  return hidden > 0 && canvas.rows > 0 ? [...lines, [span(` and ${hidden} more`, 'faint')]] : lines;
}

function drawJob(job: WatchedJob, { takenAtMs, host }: WatchSnapshot, { columns, symbols }: Canvas): Line {
  const { process, target, totalBytes, movedBytes, isAlive } = job;
  const share = totalBytes === null || totalBytes === 0 ? null : Math.min(1, movedBytes / totalBytes);
  const where = process.host === host ? '' : ` on ${process.host}`;
  const hasBar = share !== null && columns >= 60;
  const silentMs = takenAtMs - job.updatedAtMs;
  return [
    span(` ${fit(`${process.command} ${process.pid}${where}`, 13)} `, 'strong'),
    ...(hasBar ? [span(`${drawBar(share, BAR_COLUMNS, symbols)} `)] : []),
    span(formatJob(job, share)),
    ...(isAlive ? [] : [span('  its process has ended', 'warning')]),
    ...(isAlive && silentMs > SILENT_AFTER_MS ? [span(`  silent for ${formatAge(silentMs)}`, 'warning')] : []),
    span(`  ${target ?? ''}`, 'faint'),
  ];
}

function formatJob(job: WatchedJob, share: number | null): string {
  const { movedBytes, totalBytes, objectsStarted, objectsDone, objectsFailed, startedAtMs, updatedAtMs } = job;
  const elapsedMs = updatedAtMs - startedAtMs;
  const rate = elapsedMs > 0 && movedBytes > 0 ? (movedBytes * 1000) / elapsedMs : null;
  const parts: string[] = [];
  if (share !== null) parts.push(`${Math.floor(share * 100)} % of ${formatBytes(totalBytes ?? 0)}`);
  else {
    if (objectsDone > 0 || objectsStarted > 1) parts.push(`${objectsDone} done`);
    parts.push(formatBytes(movedBytes));
  }
  if (rate !== null) parts.push(`${formatBytes(rate)}/s`);
  if (rate !== null && totalBytes !== null && share !== null) {
    parts.push(`${formatTimeLeft((Math.max(0, totalBytes - movedBytes) / rate) * 1000)} left`);
  }
  if (objectsFailed > 0) parts.push(`${objectsFailed} failed`);
  return parts.join(', ');
}

/** The help page: keys and states. */
export function drawHelp({ options }: WatchView, { symbols }: Canvas): readonly Line[] {
  const keys = KEYS.map(([key, text]): Line => {
    const isOff = options.isReadOnly && (key === 'r' || key === 'i');
    return [
      span(` ${fit(key, 13)} `, 'strong'),
      span(isOff ? `${text} (disabled by --read-only)` : text, isOff ? 'faint' : 'plain'),
    ];
  });
  const states = STATES.map(([state, text]): Line => {
    const { text: lamp, tone } = drawLamp(state, symbols);
    return [span(` ${fit(lamp, 13)} `, tone), span(text)];
  });
  return [[], ...keys, [], ...states];
}

/** Explains a state file that cannot be used; no lines if it can. */
export function explainStateFile({ path, condition }: StateFileView): readonly Line[] {
  if (condition === 'ready') return [];
  const [what, next] = EXPLANATIONS[condition];
  const tone = condition === 'missing' ? 'faint' : 'warning';
  return [[span(` ${what} `, tone), span(path)], [span(` ${next}`, tone)]];
}

/** How the engine of a fleet is; no lines without one. No age while it answers: a ticking one would redraw an idle screen. */
export function explainEngine(fleet: WatchedFleet | null): readonly Line[] {
  if (fleet === null) return [];
  const { name, problem, answeredAgoMs, newer = [] } = fleet;
  const left = newer.map((circuit): Line => [span(` ${circuit}: written by a newer breakwater`, 'warning')]);
  if (problem === null) return [[span(` fleet ${name}: answers`, 'faint')], ...left];
  const last = answeredAgoMs === null ? '' : `, last answered ${formatAge(answeredAgoMs)} ago`;
  return [
    [span(` fleet ${name}: `, 'warning'), span(`cannot be asked (${problem.replaceAll('_', ' ')})${last}`, 'warning')],
    [span(' this host decides by its own circuits', 'warning')],
  ];
}
