import { formatDuration, parseDuration } from '../../duration.ts';
import type { Form, WatchOptions } from './view.ts';

/** The shell command for a manual change. */
export function writeActionCommand(
  { kind, circuit, reason, duration }: Omit<Form, 'field' | 'problem'>,
  { stateDirectory }: WatchOptions,
): string {
  const forMs = kind === 'isolate' ? parseDuration(duration) : undefined;
  const flags = [
    ...(forMs === undefined ? [] : ['--for', formatDuration(forMs)]),
    ...(reason === '' ? [] : ['--reason', reason]),
  ];
  return write([`breaker-${kind}`, circuit, ...flags], stateDirectory);
}

/** The shell command that shows these circuits, with or without history. */
export function writeStatusCommand(
  circuits: readonly string[],
  { hasHistory, stateDirectory }: Pick<WatchOptions, 'stateDirectory'> & { readonly hasHistory: boolean },
): string {
  return write(['breaker-status', ...(hasHistory ? ['--history'] : []), ...circuits], stateDirectory);
}

function write(words: readonly string[], stateDirectory: string | null): string {
  const place = stateDirectory === null ? [] : ['--state-dir', stateDirectory];
  return ['breakwater', ...words, ...place].map(quote).join(' ');
}

/** Quotes a word for a POSIX shell if needed. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
