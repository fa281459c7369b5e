import { BreakwaterError } from '../../errors.ts';
import { lacksCommand } from '../flags/command-line.ts';
import { processStreams } from '../output/process-streams.ts';
import { asksForHelp } from '../run-directly.ts';
import { makeHelp } from './show-help.ts';

interface Options {
  /** What oclif needs to know of the program. */
  readonly program: { readonly root: string; readonly userPlugins: boolean };
  readonly noColor: boolean;
}

/**
 * Answers a command line that runs no command: with help, the version, or an error. Loaded only for that.
 * @throws BreakwaterError `usage` if nothing but settings is given
 */
export async function answer(argv: readonly string[], { program, noColor }: Options): Promise<void> {
  if (lacksCommand(argv)) {
    throw new BreakwaterError('usage', 'no command is given', { details: { hint: 'see breakwater --help' } });
  }
  if (argv.length > 0 && !asksForHelp(argv)) {
    await dispatch(argv, program);
    return;
  }
  const isTerminal = processStreams.terminals.stdout;
  const columns = isTerminal ? processStreams.stdout.columns : undefined;
  const help = await makeHelp({ argv, root: program.root, columns, env: process.env, noColor, isTerminal });
  // What is no command is no topic of help: oclif says so.
  if (help === null) await dispatch(argv.slice(0, 1), program);
  else processStreams.write('stdout', help);
}

/** By oclif, which writes by itself: the version, and what is no command. */
async function dispatch(argv: readonly string[], program: Options['program']): Promise<void> {
  processStreams.open();
  const { run } = await import('@oclif/core/run');
  const { settings } = await import('@oclif/core/settings');
  // Always use the compiled commands, even under NODE_ENV=test.
  settings.enableAutoTranspile = false;
  await run([...argv], program);
}
