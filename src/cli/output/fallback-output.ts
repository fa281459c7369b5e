import { decideOutputMode, Output, type Screens } from './output.ts';
import { decideSetting, type Environment, type Settings } from '../settings/resolve-settings.ts';
import { SETTING_TABLE } from '../settings/setting-table.ts';
import { readUserFile } from '../settings/user-file.ts';

type EarlySettings = Pick<Settings, 'json' | 'quiet' | 'verbose' | 'noColor' | 'logFormat'>;

interface EarlySources {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly home: string;
  /** Only `--json` among the arguments counts: no setting. @default false */
  readonly isJsonByFlagAlone?: boolean;
}

/**
 * The output for a failure before the settings are known. `--json` prints its document even with bad arguments,
 * environment or file: each of the five settings is read separately, and errors are ignored.
 */
export function openEarlyOutput(sources: EarlySources, screens: Screens): Output {
  return new Output(decideOutputMode(guessOutputSettings(sources), screens, sources.env), screens);
}

/** Finds the output settings among unparsed arguments, up to `--`. */
export function guessOutputSettings({ argv, env, home, isJsonByFlagAlone = false }: EarlySources): EarlySettings {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  const format = words.flatMap((word, index) => {
    if (word === '--log-format') return words[index + 1] ?? [];
    return word.startsWith('--log-format=') ? word.slice('--log-format='.length) : [];
  });
  const flags = Object.fromEntries([
    ...['json', 'quiet', 'verbose', 'no-color']
      .filter((flag) => words.includes(`--${flag}`))
      .map((flag) => [flag, true]),
    ...format.slice(-1).map((value) => ['log-format', value]),
  ]);
  const file = attempt(() => readUserFile({ env, home }), { path: '', entries: {} });
  const sources = { flags, env, home, file };
  const { json, quiet, verbose, noColor, logFormat } = SETTING_TABLE;
  return {
    json: isJsonByFlagAlone ? words.includes('--json') : attempt(() => decideSetting(json, sources), json.fallback),
    quiet: attempt(() => decideSetting(quiet, sources), quiet.fallback),
    verbose: attempt(() => decideSetting(verbose, sources), verbose.fallback),
    noColor: attempt(() => decideSetting(noColor, sources), noColor.fallback),
    logFormat: attempt(() => decideSetting(logFormat, sources), logFormat.fallback),
  };
}

function attempt<T>(decide: () => T, fallback: T): T {
  try {
    return decide();
  } catch {
    return fallback;
  }
}
