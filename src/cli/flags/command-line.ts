import { SETTING_TABLE } from '../settings/setting-table.ts';
import type { Setting } from '../settings/setting.ts';

const SETTINGS: readonly Setting<unknown>[] = Object.values(SETTING_TABLE);

/**
 * Reorders the arguments for the parser: the command comes first, even if settings precede it (`--json put a s3://b/`).
 * `help put` becomes `put --help`.
 */
export function normaliseArguments(argv: readonly string[]): readonly string[] {
  let count = 0;
  while (count < argv.length) {
    const length = settingLength(argv[count] ?? '');
    if (length === 0) break;
    count += length;
  }
  const leading = argv.slice(0, count);
  const [command, ...rest] = argv.slice(count);
  if (command === undefined || command.startsWith('-')) return argv;
  if (command !== 'help') return [command, ...leading, ...rest];
  const topic = rest.find((word) => !word.startsWith('-'));
  return topic === undefined ? ['--help'] : [topic, '--help', ...leading];
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
