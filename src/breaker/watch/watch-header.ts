import type { CircuitState } from '../../circuit/circuit.ts';
import { formatTime } from '../../clock.ts';
import { measureLine, span, truncateLine, type Line, type Span } from '../../ui/frame.ts';
import type { WatchSnapshot } from './snapshot.ts';
import type { Place } from './table.ts';
import type { WatchView } from './view.ts';
import { STATE_WORDS } from '../../ui/circuit-words.ts';

const ATTENTION: readonly CircuitState[] = ['open', 'isolated', 'half_open'];

/** Who and where on the left, how it is in the middle, and whether it moves on the right. Minutes only: a clock that
 * ticks would redraw a screen on which nothing happens. */
export function drawHeader(snapshot: WatchSnapshot, view: WatchView, { columns, look }: Place): Line {
  const { host, stateFile, circuits, takenAtMs } = snapshot;
  const status: readonly Span[] = [
    ...(view.options.isReadOnly ? [span('read-only  ', 'faint')] : []),
    view.isPaused ? span('PAUSED', 'warning') : span('live', 'closed'),
    span(` ${formatTime(takenAtMs).slice(11, 16)} UTC`),
  ];
  const counts = ATTENTION.flatMap((state) => {
    const count = circuits.filter((circuit) => circuit.view.state === state).length;
    return count === 0 ? [] : [span(`  ${look.lamps[state]} ${count} ${STATE_WORDS[state]}`, state)];
  });
  const what = `  ${circuits.length} ${circuits.length === 1 ? 'circuit' : 'circuits'}`;
  const room = columns - measureLine(status) - 2;
  const long: Line = [span(' breakwater', 'strong'), span(`  ${host}  ${stateFile.path}${what}`), ...counts];
  const short: Line = [span(' breakwater', 'strong'), span(what), ...counts];
  const left = truncateLine(measureLine(long) <= room ? long : short, Math.max(0, room));
  const gap = Math.max(1, columns - measureLine(left) - measureLine(status) - 1);
  return [...left, span(' '.repeat(gap)), ...status];
}
