import { resolve } from 'node:path';
import { pastTime } from '../../stored-time.ts';
import type { PutRequest } from './put-request.ts';
import type { TransferContext } from '../transfer-context.ts';
import { digest } from './resume-upload.ts';

/** The saved state of one run over many files, kept until the run completes. */
export interface ResumableRun extends AsyncDisposable {
  /** When an earlier, interrupted run of the same command started, in ms; null for none. */
  readonly sinceMs: number | null;
  /** Files last changed before this time, in ms, were sent in their current state, including their own time. */
  readonly unchangedBeforeMs: number;
  /** Whether the next run of the same command will find this one; only then may a message offer to resume. */
  readonly isSaved: boolean;
  /** Called when nothing is left to resume. */
  readonly forget: () => Promise<void>;
}

/** Some file systems store times in steps of 2 s. */
const FILE_TIME_ERROR_MS = 2000;

/** Saves a run before it starts, so that the next run of the same command finds it even after a crash. */
export async function openResumableRun(
  request: PutRequest,
  { unfinished, circuit, clock }: Pick<TransferContext, 'unfinished' | 'circuit' | 'clock'>,
): Promise<ResumableRun> {
  const { sources, destination, patterns, object, checksum, partSizeBytes, isRecursive } = request;
  const key = keyOf(request);
  const paths = sources.map((source) => resolve(source));
  const id = digest([
    'run',
    circuit,
    destination,
    paths,
    isRecursive,
    patterns,
    object,
    checksum,
    partSizeBytes,
    ...key,
  ]);
  const claim = request.isResuming ? await unfinished.claim(id) : null;
  if (claim === null) {
    return {
      sinceMs: null,
      unchangedBeforeMs: -Infinity,
      isSaved: false,
      forget: async () => await Promise.resolve(),
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    };
  }
  const [storedMs, nowMs] = [parseSince(await unfinished.read(id)), clock.now()];
  const sinceMs = storedMs === null ? null : pastTime(storedMs, nowMs);
  const isSaved = await unfinished.save(id, { since_ms: sinceMs ?? nowMs });
  return {
    sinceMs,
    // If the clock was ahead, it is unknown what has changed since.
    unchangedBeforeMs: sinceMs === null || sinceMs !== storedMs ? -Infinity : sinceMs - FILE_TIME_ERROR_MS,
    isSaved,
    forget: async () => {
      if (claim.confirm()) await unfinished.remove(id);
    },
    [Symbol.asyncDispose]: async () => await claim[Symbol.asyncDispose](),
  };
}

function keyOf({ customerKeyHash = null }: PutRequest): readonly string[] {
  return customerKeyHash === null ? [] : [customerKeyHash];
}

function parseSince(document: unknown): number | null {
  if (typeof document !== 'object' || document === null || !('since_ms' in document)) return null;
  return typeof document.since_ms === 'number' ? document.since_ms : null;
}
