import { span, truncateLine, type Frame, type Line } from '../../ui/frame.ts';
import { drawDetail, drawHistory } from './detail.ts';
import { drawFooter } from './footer.ts';
import { drawHeader, drawHelp, drawJobs, explainEngine, explainStateFile } from './panels.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { drawSummary, drawTable, type Canvas } from './table.ts';
import { findSelected, listShown, type WatchView } from './view.ts';

/** With fewer rows there is room for only one line about the circuits. */
const FULL_ROWS_MIN = 10;
/** Below this width no detail is shown under the list. */
const DETAIL_COLUMNS_MIN = 60;
const JOBS_SHOWN_MAX = 5;

/**
 * The whole screen, as a pure function of the snapshot, the view and the window size. It is never wider than the window
 * and always one row shorter, because a frame that fills the window makes it scroll and flicker.
 */
export function drawWatch(snapshot: WatchSnapshot, view: WatchView, window: Canvas): Frame {
  const canvas = { ...window, rows: Math.max(1, window.rows - 1) };
  const draw = window.rows < FULL_ROWS_MIN ? drawSmall : drawFull;
  return draw(snapshot, view, canvas).map((line) => truncateLine(line, canvas.columns));
}

function drawFull(snapshot: WatchSnapshot, view: WatchView, canvas: Canvas): Frame {
  const footer = drawFooter(snapshot, view, canvas);
  const room = canvas.rows - 1 - footer.length;
  const body = drawBody(snapshot, view, { ...canvas, rows: room }).slice(0, room);
  const gap: Frame = Array.from({ length: room - body.length }, () => []);
  return [drawHeader(snapshot, view, canvas), ...body, ...gap, ...footer];
}

function drawSmall(snapshot: WatchSnapshot, view: WatchView, canvas: Canvas): Frame {
  const footer = drawFooter(snapshot, view, canvas);
  // Keys go to the open form, so it must be visible.
  if (view.form !== null) return footer.slice(-canvas.rows);
  const [problem = []] = explainStateFile(snapshot.stateFile);
  const summary = isKnown(snapshot) ? drawSummary(snapshot, view, canvas) : problem;
  return [summary, ...footer].slice(0, canvas.rows);
}

function drawBody(snapshot: WatchSnapshot, view: WatchView, canvas: Canvas): Frame {
  if (view.page === 'help') return drawHelp(view, canvas);
  const about = explainStateFile(snapshot.stateFile);
  if (!isKnown(snapshot)) return [[], ...about];
  const circuit = findSelected(snapshot, view);
  if (view.page === 'detail' && circuit !== undefined) return drawDetailPage(circuit, { snapshot, view, canvas });
  return drawTablePage(snapshot, view, { canvas, about: [...about, ...explainEngine(snapshot.fleet)], circuit });
}

/** Whether the state could be read. A missing file means that nothing has been recorded yet. */
function isKnown({ stateFile: { condition } }: WatchSnapshot): boolean {
  return condition === 'ready' || condition === 'missing';
}

function drawTablePage(
  snapshot: WatchSnapshot,
  view: WatchView,
  { canvas, about, circuit }: { canvas: Canvas; about: readonly Line[]; circuit: WatchedCircuit | undefined },
): Frame {
  const { rows, columns } = canvas;
  const jobRows =
    snapshot.jobs.length === 0 ? 0 : Math.min(snapshot.jobs.length, JOBS_SHOWN_MAX, Math.floor(rows / 3)) + 1;
  const rest = rows - jobRows - about.length;
  const hasDetail = columns >= DETAIL_COLUMNS_MIN && circuit !== undefined && rest >= 10;
  const wanted = listShown(snapshot, view).length + 1;
  const tableRows = hasDetail ? Math.min(wanted, Math.max(3, Math.floor(rest / 2))) : Math.max(1, rest);
  const table = [...drawTable(snapshot, view, { ...canvas, rows: tableRows }), ...about];
  const jobs =
    jobRows === 0 ? [] : [drawRule('running', canvas), ...drawJobs(snapshot, { ...canvas, rows: jobRows - 1 })];
  if (!hasDetail) return [...table, ...jobs];
  const detailRows = rows - table.length - jobs.length - 1;
  const detail = drawDetail(circuit, snapshot, canvas).slice(0, detailRows);
  const historyRows = detailRows - detail.length - 1;
  const history =
    historyRows < 1 || circuit.history.length === 0
      ? []
      : [
          drawRule('changes', canvas),
          ...drawHistory(circuit, { snapshot, canvas: { ...canvas, rows: historyRows }, scroll: 0 }),
        ];
  return [...table, drawRule(circuit.view.name, canvas), ...detail, ...history, ...jobs];
}

function drawDetailPage(
  circuit: WatchedCircuit,
  { snapshot, view, canvas }: { snapshot: WatchSnapshot; view: WatchView; canvas: Canvas },
): Frame {
  const detail = [drawRule(circuit.view.name, canvas), ...drawDetail(circuit, snapshot, canvas)];
  const rows = canvas.rows - detail.length - 1;
  if (rows < 1) return detail;
  const { length } = circuit.history;
  const title =
    length > rows ? `changes ${view.scroll + 1}-${Math.min(length, view.scroll + rows)} of ${length}` : 'changes';
  const history = drawHistory(circuit, { snapshot, canvas: { ...canvas, rows }, scroll: view.scroll });
  return [...detail, drawRule(title, canvas), ...history];
}

function drawRule(title: string, { columns, symbols }: Canvas): Line {
  const rest = Math.max(0, columns - title.length - 4);
  return [
    span(`${symbols.rule}${symbols.rule} `, 'faint'),
    span(title, 'strong'),
    span(` ${symbols.rule.repeat(rest)}`, 'faint'),
  ];
}
