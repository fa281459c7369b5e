import { measureColumns, measureLine, span, truncateLine, truncateMiddle, type Frame, type Line } from '../frame.ts';
import { drawBar, drawPips, type Symbols } from '../symbols.ts';
import { formatHold, formatProgress, formatWaits, measureShare } from './progress-text.ts';
import type { TransferSnapshot } from './progress-snapshot.ts';
import { escapeControls } from '../../escape.ts';
import { nameState } from '../circuit-words.ts';

const BAR_COLUMNS = 24;
const BAR_FROM_COLUMNS = 60;
const GAP = '  ';
/** Less of a name or of a circuit tells nothing. */
const NAME_COLUMNS_MIN = 8;

interface ProgressPicture {
  /** On the monotonic clock, in ms. */
  readonly nowMs: number;
  /** Shown after the numbers; escaped. */
  readonly name: string;
  readonly columns: number;
  /** The least columns for the numbers, so that the name after them stays in its place. @default 0 */
  readonly numbersColumns?: number;
  readonly symbols: Symbols;
}

/** A bar if the total is known, the numbers, and the name if it fits; then a line with retries and the circuit. */
export function drawProgress(snapshot: TransferSnapshot, picture: ProgressPicture): Frame {
  const { nowMs, name, columns, symbols, numbersColumns = 0 } = picture;
  const width = Math.max(1, columns - 1);
  const share = measureShare(snapshot);
  const hasBar = share !== null && columns >= BAR_FROM_COLUMNS;
  const bar = hasBar ? `[${drawBar(share, BAR_COLUMNS, symbols)}] ` : '';
  const numbers = formatProgress(snapshot, nowMs, width - measureColumns(bar)).padEnd(numbersColumns);
  const room = width - measureColumns(bar) - numbers.length - GAP.length;
  const shown = room < NAME_COLUMNS_MIN ? '' : `${GAP}${truncateMiddle(name, room)}`;
  const first: Line = [...(hasBar ? [span(bar)] : []), span(`${numbers}${shown}`)];
  const trouble = drawTrouble(snapshot, picture);
  return [first, ...(trouble.length === 0 ? [] : [trouble])].map((line) => truncateLine(line, width));
}

/** Waits of operations, and the circuit after its first failure. */
function drawTrouble({ waits, holds, circuit }: TransferSnapshot, { nowMs, symbols, columns }: ProgressPicture): Line {
  const parts: Line[] = [formatHold(holds, nowMs), formatWaits(waits, nowMs)]
    .filter((text) => text !== null)
    .map((text) => [span(text, 'warning')]);
  if (circuit !== null && (circuit.state !== 'closed' || circuit.failures > 0)) {
    const { name, state, failures, failureThreshold } = circuit;
    const pips = drawPips(failures, failureThreshold, symbols);
    const count = `${pips === '' ? '' : `${pips} `}${failures}/${failureThreshold}`;
    const how = state === 'closed' ? count : `${symbols.lamps[state]} ${nameState(state, { capitals: true })}`;
    const others = parts.reduce((sum, part) => sum + measureLine(part) + 3, 0);
    const room = columns - 1 - others - measureColumns(`  circuit  ${how}`);
    const which = room < NAME_COLUMNS_MIN ? '' : `${truncateMiddle(escapeControls(name), room)} `;
    parts.push([span(`circuit ${which}`), span(how, state === 'closed' ? 'warning' : state)]);
  }
  return parts.flatMap((part, index) => [span(index === 0 ? '  ' : '   '), ...part]);
}
