import { formatDuration, parseDuration } from '../../duration.ts';
import type { WatchOptions } from './view.ts';

interface ManualAction {
  readonly kind: 'reset' | 'isolate';
  readonly circuit: string;
  readonly reason: string;
  /** As typed. */
  readonly duration: string;
}

/** The shell command for a manual change. */
export function writeActionCommand(
  { kind, circuit, reason, duration }: ManualAction,
  { stateDirectory }: WatchOptions,
): string {
  const forMs = kind === 'isolate' ? parseDuration(duration) : undefined;
  return write([
    `breaker-${kind}`,
    circuit,
    ...(forMs === undefined ? [] : ['--for', formatDuration(forMs)]),
    ...(reason === '' ? [] : ['--reason', reason]),
    ...stateDirectoryFlag(stateDirectory),
  ]);
}

/** The shell command that shows these circuits, with or without history. */
export function writeStatusCommand(
  circuits: readonly string[],
  { hasHistory, stateDirectory }: Pick<WatchOptions, 'stateDirectory'> & { readonly hasHistory: boolean },
): string {
  return write([
    'breaker-status',
    ...(hasHistory ? ['--history'] : []),
    ...circuits,
    ...stateDirectoryFlag(stateDirectory),
  ]);
}

function stateDirectoryFlag(stateDirectory: string | null): readonly string[] {
  return stateDirectory === null ? [] : ['--state-dir', stateDirectory];
}

function write(words: readonly string[]): string {
  return ['breakwater', ...words.map(quote)].join(' ');
}

/** Quotes a word for a POSIX shell if needed. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
