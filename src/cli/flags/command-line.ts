import { SETTING_TABLE } from '../settings/setting-table.ts';
import type { Setting } from '../settings/setting.ts';

const SETTINGS: readonly Setting<unknown>[] = Object.values(SETTING_TABLE);

/**
 * Reorders the arguments for the parser: the command comes first, even if settings precede it (`--json put a s3://b/`).
 * `help put` becomes `put --help`, and keeps `--help-all`; `help help` is `--help`.
 */
export function normaliseArguments(argv: readonly string[]): readonly string[] {
  const count = countLeading(argv);
  const leading = argv.slice(0, count);
  const [command, ...rest] = argv.slice(count);
  if (command === undefined || command.startsWith('-')) return argv;
  if (command !== 'help') return [command, ...leading, ...rest];
  const topic = rest.find((word) => !word.startsWith('-') && word !== 'help');
  const asked = rest.includes('--help-all') ? '--help-all' : '--help';
  return topic === undefined ? [asked] : [topic, asked, ...leading];
}

/** The flag in the place of the command, if it is none that every command has; null if there is none. */
export function findStrayFlag(argv: readonly string[]): string | null {
  const word = argv[countLeading(argv)];
  if (word === undefined || !/^-./.test(word) || word === '--') return null;
  return isHelp(word) ? null : word;
}

/** Whether the arguments name no command, and ask for no help. */
export function lacksCommand(argv: readonly string[]): boolean {
  const rest = argv.slice(countLeading(argv));
  return argv.length > 0 && rest.every((word) => word.startsWith('-')) && !rest.some(isHelp);
}

function isHelp(word: string): boolean {
  return ['--help', '--help-all', '-h', '--version'].includes(word);
}

/** The number of words before the command: settings, and their values. */
function countLeading(argv: readonly string[]): number {
  let count = 0;
  while (count < argv.length) {
    const length = settingLength(argv[count] ?? '');
    if (length === 0) break;
    count += length;
  }
  return count;
}

/** The number of words that a setting takes; 0 if the word is not a setting. */
function settingLength(word: string): 0 | 1 | 2 {
  const [name = '', value] = word.split('=', 2);
  const setting = SETTINGS.find(
    ({ flag, isNegatable }) => name === `--${flag}` || (isNegatable === true && name === `--no-${flag}`),
  );
  if (setting === undefined) return 0;
  return setting.placeholder === null || value !== undefined ? 1 : 2;
}
