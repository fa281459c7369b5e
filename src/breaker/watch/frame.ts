import { span, truncateLine, type Frame, type Line } from '../../ui/frame.ts';
import { drawDetail, drawHistory } from './detail.ts';
import { drawFooter } from './footer.ts';
import { drawHeader, drawHelp, drawJobs, explainStateFile } from './panels.ts';
import type { WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { drawSummary, drawTable, type Place } from './table.ts';
import { findSelected, listShown, type WatchView } from './view.ts';

/** In fewer rows there is room for one line about the circuits. */
const FULL_ROWS_MIN = 10;
/** Below this the circuits are a list, and there is no detail beside them. */
const DETAIL_COLUMNS_MIN = 60;
const JOBS_SHOWN_MAX = 5;

/**
 * The whole screen, as a pure function of what is known, what was chosen and the size of the window.
 * It is never wider than the window and always a row lower: a frame that fills a window makes it scroll and flicker.
 */
export function drawWatch(snapshot: WatchSnapshot, view: WatchView, place: Place): Frame {
  const height = Math.max(1, place.rows - 1);
  const footer = drawFooter(snapshot, view, place);
  if (place.rows < FULL_ROWS_MIN) return drawSmall({ snapshot, view, place, footer, height });
  const header = drawHeader(snapshot, view, place);
  const room = height - 1 - footer.length;
  const body = drawBody(snapshot, view, { ...place, rows: room }).slice(0, room);
  const gap: Frame = Array.from({ length: room - body.length }, () => []);
  return [header, ...body, ...gap, ...footer].map((line) => truncateLine(line, place.columns));
}

function drawSmall(parts: {
  readonly snapshot: WatchSnapshot;
  readonly view: WatchView;
  readonly place: Place;
  readonly footer: Frame;
  readonly height: number;
}): Frame {
  const { snapshot, view, place, footer, height } = parts;
  const [problem] = explainStateFile(snapshot.stateFile);
  const summary = isKnown(snapshot) ? drawSummary(snapshot, view, place) : (problem ?? []);
  // A question that is open is what the keys are about: it must not be cut off.
  if (view.form !== null) return footer.slice(-height).map((line) => truncateLine(line, place.columns));
  return [summary, ...footer].slice(0, height).map((line) => truncateLine(line, place.columns));
}

function drawBody(snapshot: WatchSnapshot, view: WatchView, place: Place): Frame {
  if (view.page === 'help') return drawHelp(view, place);
  const about = explainStateFile(snapshot.stateFile);
  if (!isKnown(snapshot)) return [[], ...about];
  const circuit = findSelected(snapshot, view);
  if (view.page === 'detail' && circuit !== undefined) return drawDetailPage(circuit, { snapshot, view, place });
  return drawTablePage(snapshot, view, { place, about, circuit });
}

/** Whether the state could be read; no file at all says that nothing has happened yet. */
function isKnown({ stateFile: { condition } }: WatchSnapshot): boolean {
  return condition === 'ready' || condition === 'missing';
}

function drawTablePage(
  snapshot: WatchSnapshot,
  view: WatchView,
  { place, about, circuit }: { place: Place; about: readonly Line[]; circuit: WatchedCircuit | undefined },
): Frame {
  const { rows, columns } = place;
  const jobRows =
    snapshot.jobs.length === 0 ? 0 : Math.min(snapshot.jobs.length, JOBS_SHOWN_MAX, Math.floor(rows / 3)) + 1;
  const rest = rows - jobRows - about.length;
  const hasDetail = columns >= DETAIL_COLUMNS_MIN && circuit !== undefined && rest >= 10;
  const wanted = listShown(snapshot, view).length + 1;
  const tableRows = hasDetail ? Math.min(wanted, Math.max(3, Math.floor(rest / 2))) : Math.max(1, rest);
  const table = [...drawTable(snapshot, view, { ...place, rows: tableRows }), ...about];
  const jobs =
    jobRows === 0 ? [] : [drawRule('running', place), ...drawJobs(snapshot, { ...place, rows: jobRows - 1 })];
  if (!hasDetail) return [...table, ...jobs];
  const detailRows = rows - table.length - jobs.length - 1;
  const detail = drawDetail(circuit, snapshot, place).slice(0, detailRows);
  const historyRows = detailRows - detail.length - 1;
  const history =
    historyRows < 1 || circuit.history.length === 0
      ? []
      : [
          drawRule('changes', place),
          ...drawHistory(circuit, { snapshot, place: { ...place, rows: historyRows }, scroll: 0 }),
        ];
  return [...table, drawRule(circuit.view.name, place), ...detail, ...history, ...jobs];
}

function drawDetailPage(
  circuit: WatchedCircuit,
  { snapshot, view, place }: { snapshot: WatchSnapshot; view: WatchView; place: Place },
): Frame {
  const detail = [drawRule(circuit.view.name, place), ...drawDetail(circuit, snapshot, place)];
  const rows = place.rows - detail.length - 1;
  if (rows < 1) return detail;
  const { length } = circuit.history;
  const title =
    length > rows ? `changes ${view.scroll + 1}-${Math.min(length, view.scroll + rows)} of ${length}` : 'changes';
  const history = drawHistory(circuit, { snapshot, place: { ...place, rows }, scroll: view.scroll });
  return [...detail, drawRule(title, place), ...history];
}

function drawRule(title: string, { columns, look }: Place): Line {
  const rest = Math.max(0, columns - title.length - 4);
  return [
    span(`${look.rule}${look.rule} `, 'faint'),
    span(title, 'strong'),
    span(` ${look.rule.repeat(rest)}`, 'faint'),
  ];
}
