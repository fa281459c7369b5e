import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { decidesColour } from './output/terminal-style.ts';
import { completeEnvironment, findHome } from './find-home.ts';
import { findStrayFlag, normaliseArguments } from './flags/command-line.ts';
import { logError } from './output/event-log.ts';
import { exitStatusOf } from './output/exit-status.ts';
import { logForeignWarnings } from './output/node-warnings.ts';
import { guessOutputSettings, openEarlyOutput } from './output/fallback-output.ts';
import { findStartError, strayFlagError } from './start-error.ts';
import { canRunDirectly, runDirectly, type LoadCommand } from './run-directly.ts';
import type { Output } from './output/output.ts';
import { processStreams } from './output/process-streams.ts';
import { reportFailure } from './output/report.ts';
import { once } from '../once.ts';

/** No user plugins: oclif would look for them in a home directory that may not be readable. */
const PROGRAM = { root: join(import.meta.dirname, '..', '..'), userPlugins: false };

/** Runs one command line and exits the process with its status. */
export async function main(words: readonly string[], load: LoadCommand): Promise<void> {
  completeEnvironment(process.env);
  const argv = normaliseArguments(words);
  const early = once(() => openEarlyOutput({ argv, env: process.env, home: findHome(process.env) }, processStreams));
  logForeignWarnings(early, systemClock);
  const status = await runCommandLine(argv, { early, load });
  await processStreams.drain();
  const { lost } = processStreams;
  if (lost !== null && status === 0) logError(early(), systemClock, lost);
  // A handle that a library keeps open (an idle connection, standard input) must not delay the exit. A failure keeps its
  // status, also if nobody could read about it.
  process.exit(lost !== null && status === 0 ? exitStatusOf(lost) : status);
}

async function runCommandLine(
  argv: readonly string[],
  { early, load }: { readonly early: () => Output; readonly load: LoadCommand },
): Promise<number> {
  const place = { argv, env: process.env, home: findHome(process.env) };
  try {
    const { noColor } = guessOutputSettings(place);
    chooseColour(noColor);
    const stray = findStrayFlag(argv);
    if (stray !== null) throw await strayFlagError(stray, { argv, program: PROGRAM });
    if (canRunDirectly(argv)) await runDirectly(argv, load);
    else await (await import('./help/answer.ts')).answer(argv, { program: PROGRAM, noColor });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(early(), systemClock, {
      command: null,
      error: await findStartError(error, { argv, program: PROGRAM }),
    });
  }
}

/** Decides colour for stdout; libraries follow it. Otherwise `CI` would colour help even in a file. */
function chooseColour(noColor: boolean): void {
  if (decidesColour({ env: process.env, noColor, isTerminal: processStreams.terminals.stdout })) return;
  // Node warns if both are set, so only the user's own choice is kept.
  if ((process.env['NO_COLOR'] ?? '') === '') process.env['FORCE_COLOR'] = '0';
  else delete process.env['FORCE_COLOR'];
}
