import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { BreakwaterError } from '../errors.ts';
import type { LeftObject } from './tally.ts';
import { toJsonText } from '../json-text.ts';

/** A file that lists the undeleted objects, one JSON object per line. */
export interface SweepReport {
  /** Waits for a slow file, to bound memory. @throws BreakwaterError `local_io` */
  readonly write: (left: readonly LeftObject[]) => Promise<void>;
  /** @throws BreakwaterError `local_io` */
  readonly close: () => Promise<void>;
}

export const NO_REPORT: SweepReport = {
  write: async () => await Promise.resolve(),
  close: async () => await Promise.resolve(),
};

/**
 * Creates or truncates the file before anything is deleted.
 * @throws BreakwaterError `local_create`
 */
export async function openSweepReport(path: string, bucket: string): Promise<SweepReport> {
  const stream = createWriteStream(path);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new BreakwaterError('local_create', `cannot create the report ${path}: ${reasonOf(error)}`, {
      cause: error,
      details: { hint: 'nothing was deleted; name a file in an existing directory' },
    });
  }
  let failure: unknown = null;
  stream.on('error', (error) => {
    failure = error;
  });
  const check = (): void => {
    if (failure === null) return;
    throw new BreakwaterError('local_io', `cannot write the report ${path}: ${reasonOf(failure)}`, { cause: failure });
  };
  return {
    write: async (left) => {
      const lines = left.map((each) => `${formatLine(bucket, each)}\n`).join('');
      if (!stream.write(lines)) await settled(stream, 'drain');
      check();
    },
    close: async () => {
      stream.end();
      await settled(stream, 'close');
      check();
    },
  };
}

function formatLine(bucket: string, { key, versionId, code, message }: LeftObject): string {
  return toJsonText({ bucket, key, version_id: versionId, code, message });
}

/** An error also ends the wait; `check` then throws it. */
async function settled(stream: WriteStream, event: 'drain' | 'close'): Promise<void> {
  if (stream.closed) return;
  await new Promise<void>((resolve) => {
    stream.once(event, resolve);
    stream.once('close', resolve);
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
