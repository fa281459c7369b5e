import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { after, onAbort } from '../abort.ts';
import type { Clock } from '../clock.ts';
import type { SweepReportLine } from '../documents/sweep-documents.ts';
import { BreakwaterError } from '../errors.ts';
import { maskCredentials } from '../mask-credentials.ts';
import { isPipe, openPipeToWrite } from '../files/open-pipe.ts';
import type { LeftObject } from './tally.ts';
import { toJsonText } from '../json-text.ts';

/** A file that lists the undeleted objects, one JSON object per line. */
export interface SweepReport {
  /** Waits for a slow file, to bound memory. @throws BreakwaterError `local_io` */
  readonly write: (left: readonly LeftObject[]) => Promise<void>;
  /** @throws BreakwaterError `local_io` */
  readonly close: () => Promise<void>;
}

/** Never aborts. */
const NEVER = new AbortController().signal;

export const NO_REPORT: SweepReport = {
  write: async () => await Promise.resolve(),
  close: async () => await Promise.resolve(),
};

/** What ends the wait for the reader of a named pipe. */
interface ReportWait {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
}

/** For a pipe's reader to take the last lines after the end of the sweep was asked for, in ms. */
const LAST_LINES_MS = 1000;

/**
 * Creates or truncates the file before anything is deleted. A named pipe waits for its reader.
 * @throws BreakwaterError `local_create`; the signal's reason
 */
export async function openSweepReport(path: string, bucket: string, wait: ReportWait): Promise<SweepReport> {
  const stream = await openStream(path, wait);
  let failure: unknown = null;
  stream.on('error', (error) => {
    failure = error;
  });
  const check = (): void => {
    if (failure === null) return;
    throw new BreakwaterError('local_io', `cannot write the report ${path}: ${reasonOf(failure)}`, { cause: failure });
  };
  // A file is written to its end, but a reader may never read.
  const stuck = stream instanceof Socket ? wait.signal : NEVER;
  return {
    write: async (left) => {
      const lines = left.map((each) => `${formatLine(bucket, each)}\n`).join('');
      if (!stream.write(lines)) await settled(stream, 'drain', stuck);
      check();
    },
    close: async () => {
      // After an error the stream destroys itself, and this would hide the reason.
      stream.end((error?: Error | null) => {
        if (error === null || error === undefined) stream.destroy();
      });
      const giveUp = (): void => void stream.destroy(new Error('its reader does not read'));
      using timers = new DisposableStack();
      timers.use(onAbort(stuck, () => timers.use(after(wait.clock, LAST_LINES_MS, giveUp))));
      await settled(stream, 'close', NEVER);
      check();
    },
  };
}

async function openStream(path: string, wait: ReportWait): Promise<Writable> {
  try {
    if (await isPipe(path)) return await openPipeToWrite(path, wait);
    const stream = createWriteStream(path);
    await once(stream, 'open');
    return stream;
  } catch (error) {
    if (error instanceof BreakwaterError) throw error;
    throw new BreakwaterError('local_create', `cannot create the report ${maskCredentials(path)}: ${reasonOf(error)}`, {
      cause: error,
      details: { hint: 'nothing was deleted; name a file in an existing directory' },
    });
  }
}

function formatLine(bucket: string, { key, versionId, code, message }: LeftObject): string {
  const line: SweepReportLine = { bucket, key, version_id: versionId, code, message };
  return toJsonText(line);
}

/** An error also ends the wait, which `check` then throws, and so does the signal. */
async function settled(stream: Writable, event: 'drain' | 'close', signal: AbortSignal): Promise<void> {
  if (stream.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  using _aborted = onAbort(signal, end);
  stream.once(event, end);
  stream.once('close', end);
  await promise;
  stream.off(event, end);
  stream.off('close', end);
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 'its reader has closed it';
  return error instanceof Error ? error.message : String(error);
}
