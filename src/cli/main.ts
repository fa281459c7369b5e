import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import { decidesColour } from './output/terminal-style.ts';
import { completeEnvironment, findHome } from './find-home.ts';
import { findStrayFlag, lacksCommand, normaliseArguments } from './flags/command-line.ts';
import { logError } from './output/event-log.ts';
import { exitStatusOf } from './output/exit-status.ts';
import { logForeignWarnings } from './output/node-warnings.ts';
import { guessOutputSettings, openEarlyOutput } from './output/fallback-output.ts';
import { escapeControls } from '../ui/escape.ts';
import { findNearestWord } from '../ui/nearest-word.ts';
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
    chooseColour(guessOutputSettings(place).noColor);
    const stray = findStrayFlag(argv);
    if (stray !== null) throw await strayFlagError(stray, argv);
    if (lacksCommand(argv)) {
      throw new BreakwaterError('usage', 'no command is given', { details: { hint: 'see breakwater --help' } });
    }
    if (canRunDirectly(argv)) await runDirectly(argv, load);
    else await dispatch(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(early(), systemClock, {
      command: null,
      error: await startError(error, argv),
    });
  }
}

/** By oclif, which writes by itself: help, the version, and what is no command. */
async function dispatch(argv: readonly string[]): Promise<void> {
  processStreams.open();
  const { run } = await import('@oclif/core/run');
  const { settings } = await import('@oclif/core/settings');
  // Always use the compiled commands, even under NODE_ENV=test.
  settings.enableAutoTranspile = false;
  await run([...argv], PROGRAM);
}

/** Commands report their own failures, so this is an unknown command or our bug. */
async function startError(error: unknown, argv: readonly string[]): Promise<BreakwaterError> {
  if (error instanceof BreakwaterError) return error;
  const { Config } = await import('@oclif/core/config');
  const { toBreakwaterError } = await import('./flags/usage-error.ts');
  const [word = ''] = argv;
  const known = (await Config.load(PROGRAM)).commandIDs;
  if (known.includes(word)) {
    // A command without arguments: the parser looks for a command whose name has the two words.
    const isWord = error instanceof Error && !(argv[1] ?? '-').startsWith('-');
    if (!isWord) return toBreakwaterError(error, { command: word, flags: [] });
    return new BreakwaterError('usage', `${word} takes no arguments`, {
      cause: error,
      details: { hint: `see breakwater ${word} --help` },
    });
  }
  const near = findNearestWord(word, known);
  return new BreakwaterError('usage', `unknown command ${escapeControls(word).slice(0, 60)}`, {
    details: { hint: `${near === null ? '' : `did you mean ${near}? `}see breakwater --help` },
  });
}

/** A flag before the command, where only settings may stand: one of a command, or none at all. */
async function strayFlagError(flag: string, argv: readonly string[]): Promise<BreakwaterError> {
  const { Config } = await import('@oclif/core/config');
  const { unknownFlags } = await import('./flags/usage-error.ts');
  const { commands } = await Config.load(PROGRAM);
  const owners = commands.filter(({ flags }) =>
    Object.entries(flags).some(([name, { char }]) => flag.split('=', 1)[0] === `--${name}` || flag === `-${char}`),
  );
  const owner = owners.find(({ id }) => argv.includes(id)) ?? owners[0];
  if (owner === undefined) {
    const shared = commands.map(({ flags }) => new Set(Object.keys(flags)));
    const everywhere = [...(shared[0] ?? [])].filter((name) => shared.every((names) => names.has(name)));
    return unknownFlags([flag], { command: null, flags: [...everywhere, 'help', 'version'] });
  }
  const name = escapeControls(flag.split('=', 1)[0] ?? '');
  return new BreakwaterError('usage', `${name} stands before the command that it belongs to`, {
    details: { hint: `put it behind the command: breakwater ${owner.id} ${name}` },
  });
}

/** Decides colour for stdout; libraries follow it. Otherwise `CI` would colour help even in a file. */
function chooseColour(noColor: boolean): void {
  if (decidesColour({ env: process.env, noColor, isTerminal: processStreams.terminals.stdout })) return;
  // Node warns if both are set, so only the user's own choice is kept.
  if ((process.env['NO_COLOR'] ?? '') === '') process.env['FORCE_COLOR'] = '0';
  else delete process.env['FORCE_COLOR'];
}
