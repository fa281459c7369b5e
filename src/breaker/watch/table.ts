import type { CircuitState } from '../../circuit/circuit.ts';
import { formatDuration } from '../../duration.ts';
import { fit, measureColumns, span, truncateLine, type Line, type Span } from '../../ui/frame.ts';
import { drawPips, drawSparkline, type Symbols } from '../../ui/symbols.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { findSelected, listShown, type WatchView } from './view.ts';
import { formatErrorShare, formatNextCall, formatQuantile, STATE_WORDS, sumUp } from '../../ui/circuit-words.ts';

export interface Place {
  readonly columns: number;
  readonly rows: number;
  readonly look: Symbols;
}

/** Below this a circuit is a line of words instead of columns. */
const TABLE_COLUMNS_MIN = 60;
const NAME_COLUMNS_MIN = 10;
const GAP = '  ';

interface Column {
  readonly title: (snapshot: WatchSnapshot) => string;
  readonly columns: number | ((look: Symbols) => number);
  readonly draw: (circuit: WatchedCircuit, snapshot: WatchSnapshot, look: Symbols) => Span;
}

const SPARK_COLUMNS = 10;

/** Always there. */
const NEEDED: readonly Column[] = [
  {
    title: () => 'STATE',
    columns: (look) => (look.isAscii ? 13 : 11),
    draw: ({ view }, _, look) => drawLamp(view.state, look),
  },
  { title: () => 'FAILURES', columns: 9, draw: (circuit, _, look) => drawCount(circuit, look) },
  {
    title: () => 'NEXT CALL',
    columns: 20,
    draw: ({ view }, { takenAtMs }) => span(formatNextCall(view, takenAtMs), view.state),
  },
];

/** There as far as the width allows, the first ones first. */
const OPTIONAL: readonly Column[] = [
  {
    title: ({ spanMs }) => `OPS ${formatDuration(spanMs)}`,
    columns: SPARK_COLUMNS,
    draw: ({ activity }, _, look) => {
      const all = activity.successes.map((count, index) => count + (activity.errors[index] ?? 0));
      return span(drawSparkline(all, SPARK_COLUMNS, look));
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

/** The circuits, one a row, as many as fit around the selected one; the first row is the titles. */
export function drawTable(snapshot: WatchSnapshot, view: WatchView, place: Place): readonly Line[] {
  const shown = listShown(snapshot, view);
  if (shown.length === 0) return [[span(` no circuit matches "${view.filter}"`, 'faint')]];
  const selected = findSelected(snapshot, view);
  const isTable = place.columns >= TABLE_COLUMNS_MIN;
  const room = Math.max(1, place.rows - (isTable ? 1 : 0));
  const index = shown.findIndex((circuit) => circuit === selected);
  const first = Math.max(0, Math.min(index - Math.floor(room / 2), shown.length - room));
  const visible = shown.slice(first, first + room);
  const columns = isTable ? chooseColumns(shown, place) : null;
  const rows = visible.map((circuit) =>
    truncateLine(
      [
        span(circuit === selected ? `${place.look.arrow} ` : '  ', 'strong'),
        ...(columns === null ? drawWords(circuit, snapshot, place) : drawCells(circuit, { columns, snapshot, place })),
      ],
      place.columns,
    ),
  );
  return columns === null ? rows : [drawTitles(columns, snapshot), ...rows];
}

/** One line that says how all circuits are, the worst first. */
export function drawSummary(snapshot: WatchSnapshot, view: WatchView, { columns, look }: Place): Line {
  const order: readonly CircuitState[] = ['open', 'isolated', 'half_open', 'closed'];
  const shown = listShown(snapshot, view).toSorted((a, b) => order.indexOf(a.view.state) - order.indexOf(b.view.state));
  const parts = shown.flatMap((circuit) => [
    drawLamp(circuit.view.state, look),
    span(` ${circuit.view.name} ${formatNextCall(circuit.view, snapshot.takenAtMs)}   `),
  ]);
  return truncateLine(parts, columns);
}

export function drawLamp(state: CircuitState, look: Symbols): Span {
  return span(`${look.lamps[state]} ${STATE_WORDS[state]}`, state);
}

/** Failures out of the threshold; while half-open the successes that close it. */
export function drawCount({ view }: WatchedCircuit, look: Symbols): Span {
  const { state, row } = view;
  const [count, threshold] =
    state === 'half_open' ? [row.successes, row.successThreshold] : [row.failures, row.failureThreshold];
  const pips = drawPips(count, threshold, look);
  const word = state === 'half_open' ? `${count}/${threshold} ok` : `${count}/${threshold}`;
  return span(pips === '' ? word : `${pips} ${word}`, count > 0 && state === 'closed' ? 'warning' : state);
}

interface Chosen {
  readonly nameColumns: number;
  readonly columns: readonly (Column & { readonly columns: number })[];
}

function chooseColumns(shown: readonly WatchedCircuit[], { columns, look }: Place): Chosen {
  const measure = (column: Column) => ({
    ...column,
    columns: typeof column.columns === 'number' ? column.columns : column.columns(look),
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

/** Columns that these take, with the mark of the selected row. */
function widthOf(chosen: Chosen['columns']): number {
  return chosen.reduce((sum, column) => sum + GAP.length + column.columns, 2);
}

function drawTitles({ nameColumns, columns }: Chosen, snapshot: WatchSnapshot): Line {
  const titles = columns.map((column) => fit(column.title(snapshot), column.columns));
  return [span(`  ${[fit('CIRCUIT', nameColumns), ...titles].join(GAP)}`, 'faint')];
}

function drawCells(
  circuit: WatchedCircuit,
  { columns, snapshot, place }: { columns: Chosen; snapshot: WatchSnapshot; place: Place },
): Line {
  const cells = columns.columns.flatMap((column) => {
    const { text, tone } = column.draw(circuit, snapshot, place.look);
    return [span(GAP), span(fit(text, column.columns), tone)];
  });
  return [span(fit(circuit.view.name, columns.nameColumns), 'strong'), ...cells];
}

function drawWords(circuit: WatchedCircuit, { takenAtMs }: WatchSnapshot, { look }: Place): Line {
  const { name, state } = circuit.view;
  return [drawLamp(state, look), span(` ${formatNextCall(circuit.view, takenAtMs)} `, state), span(name, 'strong')];
}

/** Retries by number, as far as there are any: `12/5/1`. */
function formatRetries(retries: readonly number[]): string {
  const last = retries.findLastIndex((count) => count > 0);
  return last === -1 ? '-' : retries.slice(0, last + 1).join('/');
}
