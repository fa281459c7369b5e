import type { AskedRange } from '../../s3/download/download-request.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import { Slots, usualBounds } from '../../guard/slots.ts';
import type { OperationTarget } from '../../operations.ts';
import type { TransferContext } from '../transfer-context.ts';
import { collectLeftovers, PartialFiles } from './leftover-files.ts';

/** How the user wants objects fetched. */
export interface FetchOptions {
  /** Null for the whole object. */
  readonly range: AskedRange | null;
  readonly versionId: string | null;
  /** Keep an existing file, and report it as an error. */
  readonly isNoClobber: boolean;
  /** Fsync each file before reporting success. */
  readonly isSynced: boolean;
  /** Resume large objects after an interruption. */
  readonly isResumable: boolean;
  /** Give files the object's modification time. */
  readonly isTimeKept: boolean;
  /** Null for the default. */
  readonly pieceBytes: number | null;
  /** Requests in flight over all objects; null for the default. */
  readonly concurrency: number | null;
}

/** Shared by all fetches of one command. */
export interface FetchContext extends TransferContext, AsyncDisposable {
  readonly store: ObjectStore;
  readonly slots: Slots;
  readonly partials: PartialFiles;
  /** Ids of the downloads that can be resumed. */
  readonly resumable: ReadonlySet<string>;
  readonly options: FetchOptions;
}

/**
 * Checks the circuit, removes leftovers of killed processes, and connects. Dispose it to close the connection.
 * @param target the first operation, reported if the circuit is open
 * @throws BreakwaterError `circuit_open`, `config`
 */
export async function openFetchContext(
  context: TransferContext,
  options: FetchOptions,
  target: OperationTarget,
): Promise<FetchContext> {
  await context.refuseIfOpen(target);
  const resumable = await collectLeftovers(context.unfinished, context.clock);
  const store = await context.connect();
  const partials = new PartialFiles(context.unfinished);
  const { requests, bufferBytes } = usualBounds(context);
  const slots = new Slots({ requests: Math.min(options.concurrency ?? requests, context.requestsMax), bufferBytes });
  const dispose = async (): Promise<void> => {
    using _store = store;
    await partials.close();
  };
  return { ...context, store, slots, partials, resumable, options, [Symbol.asyncDispose]: dispose };
}
