import { BreakwaterError } from '../errors.ts';
import { quoteGiven } from '../mask-credentials.ts';
import { escapeControls } from '../escape.ts';
import { findNearestWord } from '../ui/nearest-word.ts';
import { SETTING_TABLE } from './settings/setting-table.ts';

/** A command line, and what oclif needs to know of the program. */
interface CommandLine {
  readonly argv: readonly string[];
  readonly program: { readonly root: string; readonly userPlugins: boolean };
}

/** Commands report their own failures, so this is an unknown command or our bug. */
export async function findStartError(error: unknown, { argv, program }: CommandLine): Promise<BreakwaterError> {
  if (error instanceof BreakwaterError) return error;
  const { Config } = await import('@oclif/core/config');
  const { toBreakwaterError } = await import('./flags/usage-error.ts');
  const [word = ''] = argv;
  const known = (await Config.load(program)).commandIDs;
  if (known.includes(word)) {
    // A command without arguments: the parser looks for a command whose name has the two words.
    const isWord = error instanceof Error && !(argv[1] ?? '-').startsWith('-');
    if (!isWord) return toBreakwaterError(error, { command: word, flags: [] });
    return new BreakwaterError('usage', `${word} takes no arguments`, {
      cause: error,
      details: { hint: `see breakwater ${word} --help` },
    });
  }
  // `status` for `breaker-status`: the end of a name is most of its meaning.
  const near = findNearestWord(word, known) ?? known.find((id) => id.endsWith(`-${word}`)) ?? null;
  return new BreakwaterError('usage', `unknown command ${quoteGiven(word, 60).slice(1, -1)}`, {
    details: { hint: `${near === null ? '' : `did you mean ${near}? `}see breakwater --help` },
  });
}

/**
 * A flag before the command, where only settings may stand: one of a command, or none at all.
 * @throws BreakwaterError `usage` for `--help=VALUE`
 */
export async function strayFlagError(flag: string, { argv, program }: CommandLine): Promise<BreakwaterError> {
  const { refuseValuedSwitch } = await import('./flags/valued-switch.ts');
  refuseValuedSwitch([flag], {});
  const { Config } = await import('@oclif/core/config');
  const { unknownFlags } = await import('./flags/usage-error.ts');
  const { commands } = await Config.load(program);
  const owners = commands.filter(({ flags }) =>
    Object.entries(flags).some(([name, { char }]) => flag.split('=', 1)[0] === `--${name}` || flag === `-${char}`),
  );
  const owner = owners.find(({ id }) => argv.includes(id)) ?? owners[0];
  if (owner === undefined) {
    const settings = Object.values(SETTING_TABLE).map((setting) => setting.flag);
    return unknownFlags([flag], { command: null, flags: [...settings, 'help', 'version'] });
  }
  const name = escapeControls(flag.split('=', 1)[0] ?? '');
  return new BreakwaterError('usage', `${name} stands before the command that it belongs to`, {
    details: { hint: `put it behind the command: breakwater ${owner.id} ${name}` },
  });
}
