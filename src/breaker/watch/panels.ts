import { fit, span, truncateLine, type Line } from '../../ui/frame.ts';
import { drawBar } from '../../ui/symbols.ts';
import { describeBytes, describeTimeLeft } from '../../ui/progress/progress-text.ts';
import type { WatchedJob, WatchSnapshot } from './snapshot.ts';
import type { Place } from './table.ts';
import { describeAge } from '../../ui/circuit-words.ts';

const BAR_COLUMNS = 16;
/** A running transfer tells every 2 s; one that has not told for longer than this is stuck, or stopped. */
const SILENT_AFTER_MS = 10_000;

/** The transfers and sweeps that run, the oldest first; what does not fit is counted. */
export function drawJobs(snapshot: WatchSnapshot, place: Place): readonly Line[] {
  const { jobs } = snapshot;
  const room = jobs.length > place.rows ? Math.max(0, place.rows - 1) : place.rows;
  const lines = jobs.slice(0, room).map((job) => truncateLine(drawJob(job, snapshot, place), place.columns));
  const hidden = jobs.length - lines.length;
  return hidden > 0 && place.rows > 0 ? [...lines, [span(` and ${hidden} more`, 'faint')]] : lines;
}

function drawJob(job: WatchedJob, { takenAtMs, host }: WatchSnapshot, { columns, look }: Place): Line {
  const { process, target, totalBytes, movedBytes, isAlive } = job;
  const share = totalBytes === null || totalBytes === 0 ? null : Math.min(1, movedBytes / totalBytes);
  const where = process.host === host ? '' : ` on ${process.host}`;
  const hasBar = share !== null && columns >= 60;
  const silentMs = takenAtMs - job.updatedAtMs;
  return [
    span(` ${fit(`${process.command} ${process.pid}${where}`, 13)} `, 'strong'),
    ...(hasBar ? [span(`${drawBar(share, BAR_COLUMNS, look)} `)] : []),
    span(describeJob(job, share)),
    ...(isAlive ? [] : [span('  its process has ended', 'warning')]),
    ...(isAlive && silentMs > SILENT_AFTER_MS ? [span(`  silent for ${describeAge(silentMs)}`, 'warning')] : []),
    span(`  ${target ?? ''}`, 'faint'),
  ];
}

function describeJob(job: WatchedJob, share: number | null): string {
  const { movedBytes, totalBytes, objectsBegun, objectsDone, objectsFailed, startedAtMs, updatedAtMs } = job;
  const elapsedMs = updatedAtMs - startedAtMs;
  const rate = elapsedMs > 0 && movedBytes > 0 ? (movedBytes * 1000) / elapsedMs : null;
  const parts: string[] = [];
  if (share !== null) parts.push(`${Math.floor(share * 100)} % of ${describeBytes(totalBytes ?? 0)}`);
  else {
    if (objectsDone > 0 || objectsBegun > 1) parts.push(`${objectsDone} done`);
    parts.push(describeBytes(movedBytes));
  }
  if (rate !== null) parts.push(`${describeBytes(rate)}/s`);
  if (rate !== null && totalBytes !== null && share !== null) {
    parts.push(`${describeTimeLeft((Math.max(0, totalBytes - movedBytes) / rate) * 1000)} left`);
  }
  if (objectsFailed > 0) parts.push(`${objectsFailed} failed`);
  return parts.join(', ');
}
