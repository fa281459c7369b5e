import { span, truncateLine, type Frame, type Line } from '../frame.ts';
import { drawBar, drawPips, type Symbols } from '../symbols.ts';
import { formatHold, formatProgress, formatWaits, measureShare } from './progress-text.ts';
import type { TransferSnapshot } from './progress-snapshot.ts';
import { nameState } from '../circuit-words.ts';

const BAR_COLUMNS = 24;
const BAR_FROM_COLUMNS = 60;

interface ProgressPicture {
  /** On the monotonic clock, in ms. */
  readonly nowMs: number;
  /** Shown after the numbers; escaped. */
  readonly name: string;
  readonly columns: number;
  readonly symbols: Symbols;
}

/** A bar if the total is known, the numbers, and the name if it fits; then a line with retries and the circuit. */
export function drawProgress(snapshot: TransferSnapshot, picture: ProgressPicture): Frame {
  const { nowMs, name, columns, symbols } = picture;
  const width = Math.max(20, columns - 1);
  const share = measureShare(snapshot);
  const hasBar = share !== null && columns >= BAR_FROM_COLUMNS;
  const first: Line = [
    ...(hasBar ? [span(`[${drawBar(share, BAR_COLUMNS, symbols)}] `)] : []),
    span(`${formatProgress(snapshot, nowMs)}  ${name}`),
  ];
  const trouble = drawTrouble(snapshot, picture);
  return [first, ...(trouble.length === 0 ? [] : [trouble])].map((line) => truncateLine(line, width));
}

/** Waits of operations, and the circuit after its first failure. */
function drawTrouble({ waits, holds, circuit }: TransferSnapshot, { nowMs, symbols }: ProgressPicture): Line {
  const parts: Line[] = [formatHold(holds, nowMs), formatWaits(waits, nowMs)]
    .filter((text) => text !== null)
    .map((text) => [span(text, 'warning')]);
  if (circuit !== null && (circuit.state !== 'closed' || circuit.failures > 0)) {
    const { name, state, failures, failureThreshold } = circuit;
    const pips = drawPips(failures, failureThreshold, symbols);
    const count = `${pips === '' ? '' : `${pips} `}${failures}/${failureThreshold}`;
    const how = state === 'closed' ? count : `${symbols.lamps[state]} ${nameState(state, { capitals: true })}`;
    parts.push([span(`circuit ${name} `), span(how, state === 'closed' ? 'warning' : state)]);
  }
  return parts.flatMap((part, index) => [span(index === 0 ? '  ' : '   '), ...part]);
}
