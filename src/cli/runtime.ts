import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import { ASCII_SYMBOLS, UNICODE_SYMBOLS } from '../ui/symbols.ts';
import type { LiveLines } from '../ui/surface.ts';
import { decideScope, findAwsContext, findCaBundle } from './settings/aws-config.ts';
import { Closers } from './closers.ts';
import { decidesAscii } from './output/terminal-style.ts';
import type { CommandRun } from './command-run.ts';
import { formatDuration } from '../duration.ts';
import { EventHub } from './event-hub.ts';
import { openFleetAccess } from './fleet/fleet-access.ts';
import { createEventLog } from './output/event-log.ts';
import { groupRetries } from './output/retry-groups.ts';
import { createJobControl } from './job-control.ts';
import { isStartedByNohup } from './nohup.ts';
import { openLocalState } from './local-state.ts';
import { once } from '../once.ts';
import type { Output, Screens } from './output/output.ts';
import { processStreams } from './output/process-streams.ts';
import { createProgress } from '../ui/progress/show-progress.ts';
import { startRecorders } from './recording/recorders.ts';
import { listenToSignals } from './signals.ts';

/** What a command run is given; the rest of it is made here. */
type Given = Pick<CommandRun, 'command' | 'version' | 'settings' | 'output' | 'clock' | 'env'>;

export interface RuntimeOptions extends Given {
  /** Each is opened when it is first asked for. */
  readonly streams: Pick<Screens, 'stdout' | 'stderr'> & Pick<CommandRun, 'stdin'>;
  readonly home: string;
  /** Ends the process immediately with this status. */
  readonly endNow: (status: number) => void;
}

/** Disposal runs every close hook, saves the metrics, and releases signals and files. It never throws. */
export interface Runtime extends AsyncDisposable {
  readonly run: CommandRun;
  /** Clears the live progress, so that results can be printed. */
  readonly endProgress: () => void;
}

/** The composition root of one command. Nothing costly is opened here. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { streams, home, endNow: exit, ...given } = options;
  const { command, settings, output, clock, env } = given;
  const hub = new EventHub();
  const closers = new Closers((message) => hub.emit({ kind: 'warning', reason: 'close_failed', message }));
  const symbols = decidesAscii({ env, ascii: settings.ascii }) ? ASCII_SYMBOLS : UNICODE_SYMBOLS;
  const progress = createProgress({ output, clock, symbols, loadLive: async () => await loadLive(output) });
  const grouped = addLog(hub, { output, clock });
  hub.add(progress.read);

  const interruption = new AbortController();
  const endNow = (status: number): void => {
    progress.stop();
    exit(status);
  };
  // Added first, so closed last: a signal during the close still counts.
  const onInterrupt = (error: BreakwaterError): void => interruption.abort(error);
  closers.add(listenToSignals({ ignoresHangUp: isStartedByNohup(), onInterrupt, onSecond: endNow }));
  closers.add(startDeadline(settings, clock, interruption));
  const { close: closeState, ...local } = openLocalState({ command, settings, clock, emit: hub.emit });
  closers.add(closeState);
  const shared = { ...given, ...local, emit: hub.emit, signal: interruption.signal };
  const { close: closeFleet, fleet } = openFleetAccess(shared);
  closers.add(closeFleet);
  for (const end of [progress.stop, grouped.end]) closers.add(end);

  const aws = once(() => findAwsContext(settings, { env, home }));
  const run: CommandRun = {
    ...shared,
    fleet,
    deadlineAtMs: settings.deadlineMs === null ? null : clock.monotonic() + settings.deadlineMs,
    addReader: (reader) => hub.add(reader),
    get stdin() {
      return streams.stdin;
    },
    get stdout() {
      return streams.stdout;
    },
    symbols,
    aws,
    caBundle: () => findCaBundle(aws(), { env, home }),
    circuitName: (name) => `${name}@${decideScope(settings.circuitScope, aws())}`,
    onClose: (close) => closers.add(close),
  };
  addRecorders(run);
  const endProgress = (): void => {
    progress.stop();
    grouped.end();
  };
  return { run, endProgress, [Symbol.asyncDispose]: async () => await closers.close() };
}

function addRecorders(run: CommandRun): void {
  const { read, closers } = startRecorders(run);
  run.addReader(read);
  for (const close of closers) run.onClose(close);
}

/** @returns the groups of retries, which end with the command */
function addLog(hub: EventHub, { output, clock }: Pick<Given, 'output' | 'clock'>): ReturnType<typeof groupRetries> {
  const log = createEventLog(output, clock);
  const grouped = groupRetries(log, clock);
  // Machines count for themselves, and `--verbose` has a line for every attempt.
  const isGrouped = output.mode.logFormat === 'text' && !output.mode.verbose;
  hub.add(isGrouped ? grouped.read : log);
  return grouped;
}

/** Called only when a transfer takes a while. */
async function loadLive({ mode }: Output): Promise<LiveLines> {
  const { startLiveLines } = await import('../ui/terminal.tsx');
  return startLiveLines(processStreams.stderr, { hasColour: mode.stderrHasColour, jobControl: createJobControl() });
}

/** Aborts with `deadline` when the time is up. @returns a function that stops the timer */
function startDeadline(
  { deadlineMs, origins }: CommandRun['settings'],
  clock: Clock,
  interruption: AbortController,
): () => void {
  if (deadlineMs === null) return () => undefined;
  const timer = after(clock, deadlineMs, () =>
    interruption.abort(
      new BreakwaterError('deadline', `the deadline of ${formatDuration(deadlineMs)} has passed`, {
        details: { hint: `try again later, or give it more time with ${origins.deadlineMs ?? '--deadline'}` },
      }),
    ),
  );
  return () => timer[Symbol.dispose]();
}
