import type { CircuitState } from '../circuit/circuit.ts';

/** The symbols of a screen. Each state has its own, so that colour is never the only distinction. */
export interface Symbols {
  readonly lamps: Readonly<Record<CircuitState, string>>;
  /** One unit of a count out of a threshold. */
  readonly pip: string;
  readonly noPip: string;
  /** From low to high; zero is `noLevel`. */
  readonly levels: readonly string[];
  readonly noLevel: string;
  readonly bar: string;
  readonly noBar: string;
  readonly rule: string;
  readonly arrow: string;
  readonly cursor: string;
  readonly isAscii: boolean;
}

export const UNICODE_SYMBOLS: Symbols = {
  lamps: { closed: '●', open: '■', half_open: '◐', isolated: '▲' },
  pip: '■',
  noPip: '·',
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  noLevel: '·',
  bar: '█',
  noBar: '░',
  rule: '─',
  arrow: '→',
  cursor: '█',
  isAscii: false,
};

export const ASCII_SYMBOLS: Symbols = {
  lamps: { closed: '[=]', open: '[X]', half_open: '[~]', isolated: '[!]' },
  pip: '#',
  noPip: '.',
  levels: ['_', '-', '=', '#'],
  noLevel: '.',
  bar: '#',
  noBar: '-',
  rule: '-',
  arrow: '>',
  cursor: '_',
  isAscii: true,
};

/** `###..` for 3 out of 5; empty for thresholds above ten, where the number alone is shown. */
export function drawPips(count: number, threshold: number, symbols: Symbols): string {
  if (threshold > 10) return '';
  const filled = Math.min(Math.max(0, count), threshold);
  return symbols.pip.repeat(filled) + symbols.noPip.repeat(threshold - filled);
}

/** A bar for a share in [0, 1]; full only at 1, empty only at 0. */
export function drawBar(share: number, columns: number, symbols: Symbols): string {
  const exact = share * columns;
  const filled = share >= 1 ? columns : Math.min(columns - 1, share > 0 ? Math.max(1, Math.floor(exact)) : 0);
  return symbols.bar.repeat(Math.max(0, filled)) + symbols.noBar.repeat(Math.max(0, columns - filled));
}

/**
 * Values as a row of symbols, oldest first, summed to fit.
 * @param peak the value of the highest symbol, so that rows can share a scale; by default the highest sum
 */
export function drawSparkline(values: readonly number[], columns: number, symbols: Symbols, peak?: number): string {
  const sums = sumToFit(values, columns);
  const top = Math.max(1, peak ?? Math.max(0, ...sums));
  return sums
    .map((sum) => {
      if (sum <= 0) return symbols.noLevel;
      const index = Math.ceil((Math.min(sum, top) / top) * symbols.levels.length) - 1;
      return symbols.levels[Math.max(0, index)] ?? '';
    })
    .join('');
}

/** Sums values into at most this many groups of equal size, aligned to the last value. */
export function sumToFit(values: readonly number[], columns: number): readonly number[] {
  if (columns < 1) return [];
  const perGroup = Math.max(1, Math.ceil(values.length / columns));
  const groups = Math.ceil(values.length / perGroup);
  const sums = Array.from({ length: groups }, () => 0);
  for (const [index, value] of values.entries()) {
    const group = groups - 1 - Math.floor((values.length - 1 - index) / perGroup);
    sums[group] = (sums[group] ?? 0) + value;
  }
  return sums;
}
