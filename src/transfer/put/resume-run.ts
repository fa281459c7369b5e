import { resolve } from 'node:path';
import type { PutRequest } from './put-request.ts';
import type { TransferContext } from '../transfer-context.ts';
import { digest } from './resume-upload.ts';

/** The memory of one run over many files: that it began, and whether it came to its end. */
export interface ResumableRun extends AsyncDisposable {
  /** When the earlier run of the same command began that did not come to its end, in ms; null for none. */
  readonly sinceMs: number | null;
  /** Nothing is left to go on with. */
  readonly forget: () => Promise<void>;
}

/** Remembers a run before it begins, so that however it ends, the next run of the same command knows of it. */
export async function openResumableRun(
  request: PutRequest,
  { unfinished, circuit, clock }: Pick<TransferContext, 'unfinished' | 'circuit' | 'clock'>,
): Promise<ResumableRun> {
  const { sources, destination, patterns, object, checksum, partSizeBytes, isRecursive } = request;
  const paths = sources.map((source) => resolve(source));
  const id = digest(['run', circuit, destination, paths, isRecursive, patterns, object, checksum, partSizeBytes]);
  const claim = request.isResuming ? await unfinished.claim(id) : null;
  if (claim === null) {
    return {
      sinceMs: null,
      forget: async () => await Promise.resolve(),
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    };
  }
  const sinceMs = parseSince(await unfinished.read(id));
  await unfinished.save(id, { since_ms: sinceMs ?? clock.now() });
  return {
    sinceMs,
    forget: async () => await unfinished.remove(id),
    [Symbol.asyncDispose]: async () => await claim[Symbol.asyncDispose](),
  };
}

function parseSince(document: unknown): number | null {
  if (typeof document !== 'object' || document === null || !('since_ms' in document)) return null;
  return typeof document.since_ms === 'number' ? document.since_ms : null;
}
