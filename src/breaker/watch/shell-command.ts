import { findFleetCircuit } from '../../circuit/circuit-name.ts';
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
  const inFleet = findFleetCircuit(circuit);
  const which = inFleet === null ? [circuit] : ['--fleet', inFleet];
  return write([`breaker-${kind}`, ...which, ...flags], stateDirectory);
}

/** The shell command that shows these circuits, with or without history. */
export function writeStatusCommand(
  circuits: readonly string[],
  { hasHistory, stateDirectory }: Pick<WatchOptions, 'stateDirectory'> & { readonly hasHistory: boolean },
): string {
  // It shows the fleet's circuits of these names, too.
  const names = new Set(circuits.map((circuit) => findFleetCircuit(circuit) ?? circuit));
  return write(['breaker-status', ...(hasHistory ? ['--history'] : []), ...names], stateDirectory);
}

function write(words: readonly string[], stateDirectory: string | null): string {
  const place = stateDirectory === null ? [] : ['--state-dir', stateDirectory];
  return ['breakwater', ...words, ...place].map(quote).join(' ');
}

/** Quotes a word for a POSIX shell if needed. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
