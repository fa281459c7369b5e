import type { CircuitState } from '../../circuit/circuit.ts';
import { formatDuration } from '../../duration.ts';
import { fit, measureColumns, span, truncateLine, type Line, type Span } from '../../ui/frame.ts';
import { drawPips, drawSparkline, type Symbols } from '../../ui/symbols.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { findSelected, listShown, orderByTrouble, type WatchView } from './view.ts';
import { formatErrorShare, formatNextCall, formatQuantile, nameState, sumUp } from '../../ui/circuit-words.ts';

export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly symbols: Symbols;
}

/** Below this width each circuit is a line of words instead of columns. */
const TABLE_COLUMNS_MIN = 60;
const NAME_COLUMNS_MIN = 10;
const GAP = '  ';

interface Column {
  readonly title: (snapshot: WatchSnapshot) => string;
  readonly columns: number | ((symbols: Symbols) => number);
  readonly draw: (circuit: WatchedCircuit, snapshot: WatchSnapshot, symbols: Symbols) => Span;
}

const SPARK_COLUMNS = 10;

/** Always shown. */
const NEEDED: readonly Column[] = [
  {
    title: () => 'STATE',
    columns: (symbols) => (symbols.isAscii ? 13 : 11),
    draw: ({ view }, _, symbols) => drawLamp(view.state, symbols),
  },
  { title: () => 'FAILURES', columns: 9, draw: (circuit, _, symbols) => drawCount(circuit, symbols) },
  {
    title: () => 'NEXT CALL',
    columns: 20,
    draw: ({ view }, { host }) => span(formatNextCall(view, { host }), view.state),
  },
];

/** Shown in this order, as far as the width allows. */
const OPTIONAL: readonly Column[] = [
  {
    title: ({ spanMs }) => `OPS ${formatDuration(spanMs)}`,
    columns: SPARK_COLUMNS,
    draw: ({ activity }, _, symbols) => {
      const all = activity.successes.map((count, index) => count + (activity.errors[index] ?? 0));
      return span(drawSparkline(all, SPARK_COLUMNS, symbols));
    },
  },
  {
    title: () => 'ERR',
    columns: 4,
    draw: ({ activity }) => {
      const errors = sumUp(activity.errors);
      return span(formatErrorShare(sumUp(activity.successes), errors), errors > 0 ? 'warning' : 'plain');
    },
  },
  { title: () => 'P95', columns: 6, draw: ({ activity }) => span(formatQuantile(activity.p95Ms)) },
  { title: () => 'RETRIES', columns: 9, draw: ({ activity }) => span(formatRetries(activity.retries)) },
  { title: () => 'P50', columns: 6, draw: ({ activity }) => span(formatQuantile(activity.p50Ms)) },
  { title: () => 'REFUSED', columns: 7, draw: ({ refused }) => span(refused === 0 ? '-' : String(refused)) },
];

/** A title row, then one row per circuit, as many as fit around the selected one. */
export function drawTable(snapshot: WatchSnapshot, view: WatchView, canvas: Canvas): readonly Line[] {
  const shown = listShown(snapshot, view);
  if (shown.length === 0) return [[span(` no circuit matches "${view.filter}"`, 'faint')]];
  const selected = findSelected(snapshot, view);
  const isTable = canvas.columns >= TABLE_COLUMNS_MIN;
  const room = Math.max(1, canvas.rows - (isTable ? 1 : 0));
  const index = shown.findIndex((circuit) => circuit === selected);
  const first = Math.max(0, Math.min(index - Math.floor(room / 2), shown.length - room));
  const visible = shown.slice(first, first + room);
  const columns = isTable ? chooseColumns(shown, canvas) : null;
  const rows = visible.map((circuit) =>
    truncateLine(
      [
        span(circuit === selected ? `${canvas.symbols.arrow} ` : '  ', 'strong'),
        ...(columns === null
          ? drawWords(circuit, snapshot, canvas)
          : drawCells(circuit, { columns, snapshot, canvas })),
      ],
      canvas.columns,
    ),
  );
  return columns === null ? rows : [drawTitles(columns, snapshot), ...rows];
}

/** All circuits on one line, the worst first. */
export function drawSummary(snapshot: WatchSnapshot, view: WatchView, { columns, symbols }: Canvas): Line {
  const parts = orderByTrouble(listShown(snapshot, view)).flatMap((circuit) => [
    drawLamp(circuit.view.state, symbols),
    span(` ${circuit.view.name} ${formatNextCall(circuit.view, snapshot)}   `),
  ]);
  return truncateLine(parts, columns);
}

export function drawLamp(state: CircuitState, symbols: Symbols): Span {
  return span(`${symbols.lamps[state]} ${nameState(state, { capitals: true })}`, state);
}

/** Failures out of the threshold. While half-open: successful probes out of those needed to close. */
export function drawCount({ view }: WatchedCircuit, symbols: Symbols): Span {
  const { state, row } = view;
  const [count, threshold] =
    state === 'half_open' ? [row.successes, row.successThreshold] : [row.failures, row.failureThreshold];
  const pips = drawPips(count, threshold, symbols);
  const word = state === 'half_open' ? `${count}/${threshold} ok` : `${count}/${threshold}`;
  return span(pips === '' ? word : `${pips} ${word}`, count > 0 && state === 'closed' ? 'warning' : state);
}

interface Chosen {
  readonly nameColumns: number;
  readonly columns: readonly (Column & { readonly columns: number })[];
}

function chooseColumns(shown: readonly WatchedCircuit[], { columns, symbols }: Canvas): Chosen {
  const measure = (column: Column) => ({
    ...column,
    columns: typeof column.columns === 'number' ? column.columns : column.columns(symbols),
  });
  const longest = Math.max(...shown.map(({ view }) => measureColumns(view.name)), NAME_COLUMNS_MIN);
  const chosen = NEEDED.map(measure);
  for (const column of OPTIONAL.map(measure)) {
    if (widthOf([...chosen, column]) + longest > columns) break;
    chosen.push(column);
  }
  return {
    nameColumns: Math.max(NAME_COLUMNS_MIN, Math.min(longest, columns - widthOf(chosen))),
    columns: chosen,
  };
}

/** The width of these columns, including the marker of the selected row. */
function widthOf(chosen: Chosen['columns']): number {
  return chosen.reduce((sum, column) => sum + GAP.length + column.columns, 2);
}

function drawTitles({ nameColumns, columns }: Chosen, snapshot: WatchSnapshot): Line {
  const titles = columns.map((column) => fit(column.title(snapshot), column.columns));
  return [span(`  ${[fit('CIRCUIT', nameColumns), ...titles].join(GAP)}`, 'faint')];
}

function drawCells(
  circuit: WatchedCircuit,
  { columns, snapshot, canvas }: { columns: Chosen; snapshot: WatchSnapshot; canvas: Canvas },
): Line {
  const cells = columns.columns.flatMap((column) => {
    const { text, tone } = column.draw(circuit, snapshot, canvas.symbols);
    return [span(GAP), span(fit(text, column.columns), tone)];
  });
  return [span(fit(circuit.view.name, columns.nameColumns), 'strong'), ...cells];
}

function drawWords({ view }: WatchedCircuit, { host }: WatchSnapshot, { symbols }: Canvas): Line {
  const next = formatNextCall(view, { host });
  return [drawLamp(view.state, symbols), span(` ${next} `, view.state), span(view.name, 'strong')];
}

/** First retries, second retries and so on: `12/5/1`. */
function formatRetries(retries: readonly number[]): string {
  const last = retries.findLastIndex((count) => count > 0);
  return last === -1 ? '-' : retries.slice(0, last + 1).join('/');
}
