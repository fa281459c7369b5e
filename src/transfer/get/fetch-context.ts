import type { AskedRange } from '../../s3/download/download-request.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import { DEFAULT_SLOT_BOUNDS, Slots } from '../../guard/slots.ts';
import type { OperationTarget } from '../../operations.ts';
import type { TransferContext } from '../transfer-context.ts';
import { collectLeftovers, PartialFiles } from './leftover-files.ts';

/** How the user wants objects fetched. */
export interface FetchOptions {
  /** Of the object; null for all of it. */
  readonly range: AskedRange | null;
  readonly versionId: string | null;
  /** An existing file is kept, and is an error. */
  readonly isNoClobber: boolean;
  /** Files are on the disk before they are reported as done. */
  readonly isSynced: boolean;
  /** Large objects are resumed after an interruption. */
  readonly isResumable: boolean;
  /** Files get the object's time of modification. */
  readonly isTimeKept: boolean;
  /** Null: planned. */
  readonly pieceBytes: number | null;
  /** Requests in flight over all objects; null: planned. */
  readonly concurrency: number | null;
}

/** What the fetches of one command share. */
export interface FetchContext extends TransferContext, AsyncDisposable {
  readonly store: ObjectStore;
  readonly slots: Slots;
  readonly partials: PartialFiles;
  /** Ids of the downloads that can be resumed. */
  readonly resumable: ReadonlySet<string>;
  readonly options: FetchOptions;
}

/**
 * Checks the circuit, removes what killed processes left, and connects. Disposing of it closes the connection.
 * @param target the first operation, which an open circuit refuses
 * @throws BreakwaterError `circuit_open`, `config`
 */
export async function openFetchContext(
  context: TransferContext,
  options: FetchOptions,
  target: OperationTarget,
): Promise<FetchContext> {
  context.refuseIfOpen(target);
  const resumable = await collectLeftovers(context.unfinished, context.clock);
  const store = await context.connect();
  const partials = new PartialFiles(context.unfinished);
  const { requests, bufferBytes } = DEFAULT_SLOT_BOUNDS;
  const slots = new Slots({ requests: options.concurrency ?? requests, bufferBytes });
  const dispose = async (): Promise<void> => {
    using _store = store;
    await partials.close();
  };
  return { ...context, store, slots, partials, resumable, options, [Symbol.asyncDispose]: dispose };
}
