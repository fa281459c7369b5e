import type { Config } from '@oclif/core/interfaces';

/** Commands with arguments, so that oclif takes no second word for part of their name. */
const WITH_ARGUMENTS: ReadonlySet<string> = new Set([
  'breaker-isolate',
  'breaker-reset',
  'breaker-status',
  'completion',
  'doctor',
  'get',
  'put',
  'sweep',
]);
const WITHOUT_ARGUMENTS: ReadonlySet<string> = new Set(['config', 'metrics', 'sandbox']);

const HELP_FLAGS: ReadonlySet<string> = new Set(['--help', '--help-all', '-h']);

/**
 * Whether a command line names a command and needs nothing else of oclif than its parser. What else there is:
 * help, the version, no command, an unknown one, and words behind a command that takes none.
 */
export function canRunDirectly([name = '', ...rest]: readonly string[]): boolean {
  if (asksForHelp(rest)) return false;
  const [next = '-'] = rest;
  return WITH_ARGUMENTS.has(name) || (WITHOUT_ARGUMENTS.has(name) && /^-|=/.test(next));
}

/** Whether a command line, or its end, asks for help; behind `--` are arguments only. */
export function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  return (end === -1 ? words : words.slice(0, end)).some((word) => HELP_FLAGS.has(word));
}

interface CommandClass {
  new (argv: string[], config: Config): { readonly run: () => Promise<void> };
  id: string;
}

/** Loads a command by its name, as built from `src/commands`. */
export type LoadCommand = (name: string) => { readonly default: CommandClass };

/**
 * Runs a command without oclif's dispatcher, which reads the manifest and the package, sorts the commands and loads the
 * help: two thirds of the time until a refusal. Only for what `canRunDirectly` accepts.
 */
export async function runDirectly([name = '', ...rest]: readonly string[], load: LoadCommand): Promise<void> {
  const { default: Command } = load(name);
  Command.id = name;
  // A command asks its configuration only for help.
  await new Command(rest, { bin: 'breakwater' } as Config).run();
}
