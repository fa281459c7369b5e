import { every } from '../../abort.ts';
import { formatTime, type Clock } from '../../clock.ts';
import type { ProgressLine } from '../../documents/log-lines.ts';
import type { Event, EventSink } from '../../events.ts';
import type { Symbols } from '../symbols.ts';
import { drawProgress } from './progress-frame.ts';
import { formatProgress, measureShare } from './progress-text.ts';
import type { LiveLines } from '../surface.ts';
import { TransferFollower, type TransferSnapshot } from './progress-snapshot.ts';
import { escapeControls } from '../../escape.ts';
import { toJsonText } from '../../json-text.ts';

/** The shortest time between two plain lines, in ms. */
const LINE_EVERY_MS = 10_000;

/** Shorter transfers never load or show a live line, in ms. */
const LIVE_AFTER_MS = 500;

/** How often the live line is redrawn, in ms. */
const LIVE_EVERY_MS = 250;

/** Events that need no look at the time: others of the same object follow. */
const QUIET_KINDS: ReadonlySet<Event['kind']> = new Set(['transfer_started', 'request_started', 'request_ended']);

export interface Progress {
  readonly read: EventSink;
  /** Stops the display and restores the terminal. Idempotent. */
  readonly stop: () => void;
}

/** The parts of a command's output that progress uses. */
interface ProgressOutput {
  readonly mode: { readonly quiet: boolean; readonly isLive: boolean; readonly logFormat: 'text' | 'json' };
  /** Writes one line to stderr. */
  note(line: string): void;
  /** Sets a wrapper for every write while live lines are shown; null for none. */
  stepAside(around: ((write: () => void) => void) | null): void;
}

interface ProgressOptions {
  readonly output: ProgressOutput;
  readonly clock: Clock;
  readonly symbols: Symbols;
  /** Loads the live lines. Called at most once, only on a terminal and only for longer transfers. */
  readonly loadLive: () => Promise<LiveLines>;
}

/** Shows transfer progress: live on a terminal, otherwise as occasional lines, and not at all with `--quiet`. */
export function createProgress(options: ProgressOptions): Progress {
  const { output, clock } = options;
  const { quiet, isLive } = output.mode;
  if (quiet) return { read: () => undefined, stop: () => undefined };
  return isLive ? showLive(options) : showLines(output, clock);
}

/** Whether a plain line is due: at least 10 s have passed and, if the total is known, a new quarter is reached. */
export function isLineDue(
  last: { readonly share: number; readonly atMs: number },
  now: { readonly share: number | null; readonly atMs: number },
): boolean {
  if (now.atMs - last.atMs < LINE_EVERY_MS) return false;
  return now.share === null || Math.floor(now.share * 4) > Math.floor(last.share * 4);
}

function showLines(output: ProgressOutput, clock: Clock): Progress {
  const follower = new TransferFollower();
  const { snapshot } = follower;
  let last: { share: number; atMs: number } | null = null;
  const read = (event: Event): void => {
    if (!follower.follow(event, clock.monotonic) || snapshot.startedAtMs === null) return;
    // Each object has several of these, between others.
    if (last !== null && QUIET_KINDS.has(event.kind)) return;
    const atMs = clock.monotonic();
    last ??= { share: 0, atMs };
    const share = measureShare(snapshot);
    if (!isLineDue(last, { share, atMs })) return;
    last = { share: share ?? 0, atMs };
    output.note(formatProgressLine(snapshot, output, clock));
  };
  return { read, stop: () => undefined };
}

function formatProgressLine(snapshot: TransferSnapshot, { mode }: ProgressOutput, clock: Clock): string {
  const message = formatProgress(snapshot, clock.monotonic());
  if (mode.logFormat === 'json') {
    return toJsonText({
      time: formatTime(clock.now()),
      level: 'notice',
      event: 'progress',
      message,
      moved_bytes: snapshot.movedBytes,
      total_bytes: snapshot.totalBytes,
      objects_done: snapshot.finished + snapshot.swept,
      objects_failed: snapshot.failed,
    } satisfies ProgressLine);
  }
  return `progress: ${message}${nameOnly(snapshot)}`;
}

function nameOnly({ name, started }: TransferSnapshot): string {
  return name === null || started > 1 ? '' : ` - ${escapeControls(name)}`;
}

function showLive({ output, clock, symbols, loadLive }: ProgressOptions): Progress {
  const follower = new TransferFollower();
  const { snapshot } = follower;
  let live: LiveLines | null = null;
  let timer: Disposable | null = null;
  let isStopped = false;
  /** Grows with the widest numbers so far, so that the name does not jump. */
  let numbersColumns = 0;
  const draw = (): void => {
    const name = nameOnly(snapshot).replace(/^ - /, '');
    const nowMs = clock.monotonic();
    numbersColumns = Math.max(numbersColumns, formatProgress(snapshot, nowMs).length);
    live?.show(drawProgress(snapshot, { nowMs, name, columns: live.columns(), numbersColumns, symbols }));
  };
  const refresh = async (): Promise<void> => {
    if (live === null) {
      const loaded = await loadLive();
      if (isStopped) return;
      live = loaded;
      output.stepAside(loaded.stepAside);
    }
    draw();
  };
  const read = (event: Event): void => {
    const isFirst = snapshot.startedAtMs === null;
    follower.follow(event, clock.monotonic);
    if (!isFirst || snapshot.startedAtMs === null || isStopped) return;
    // A failure to load the live view must not fail the transfer.
    timer = every(clock, { firstMs: LIVE_AFTER_MS, everyMs: LIVE_EVERY_MS }, refresh);
  };
  const stop = (): void => {
    isStopped = true;
    timer?.[Symbol.dispose]();
    output.stepAside(null);
    live?.stop();
    live = null;
  };
  return { read, stop };
}
