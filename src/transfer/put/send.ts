import type { Readable } from 'node:stream';
import type { EventSink } from '../../events.ts';
import type { Slots } from '../../guard/slots.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import { PARTS_MAX } from '../../s3/protocol/limits.ts';
import { NOTHING_TO_RESUME, type UploadResult } from '../../s3/upload/upload-request.ts';
import { nameOf, type S3Location, type TransferContext } from '../transfer-context.ts';
import type { FormatHeaders } from './object-headers.ts';
import { choosePartSize, planPartSize } from './part-size.ts';
import type { PutRequest } from './put-request.ts';
import type { ResumableUploads } from './resume-upload.ts';
import type { LocalFile } from './source-file.ts';
import { readStandardInput } from './standard-input.ts';

/** Parts of standard input in flight, unless `--concurrency` says how many; with the part size, this bounds the memory. */
const STREAM_PARTS_IN_FLIGHT = 4;

/** Shared by all objects of one put. */
export interface SendTools {
  readonly store: ObjectStore;
  readonly context: TransferContext;
  readonly request: PutRequest;
  readonly slots: Slots;
  readonly resumable: ResumableUploads;
  readonly formatHeaders: FormatHeaders;
}

/** Sends an open file. @throws BreakwaterError */
export async function sendFile(
  file: LocalFile,
  { location, signal }: { location: S3Location; signal: AbortSignal },
  { store, context, request, slots, resumable, formatHeaders }: SendTools,
): Promise<UploadResult> {
  const { identity, path } = file;
  const { sizeBytes } = identity;
  const { checksum, ifNoneMatch, customerKeyHash = null } = request;
  const partSizeBytes = choosePartSize({ path, sizeBytes }, request.partSizeBytes);
  const headers = formatHeaders({ name: location.key, identity });
  const options = { partSizeBytes, headers, checksum };
  const isSmall = sizeBytes <= partSizeBytes;
  const resumed = customerKeyHash === null ? options : { ...options, customerKeyHash };
  await using saved = isSmall ? null : await resumable.open({ location, source: path, identity, options: resumed });
  using transfer = new ReportedTransfer(context, { location, sizeBytes });
  const result = await store.uploadFile({
    ...location,
    ...options,
    ifNoneMatch,
    sizeBytes,
    source: file,
    queue: slots.openQueue(),
    signal,
    resume: saved ?? NOTHING_TO_RESUME,
  });
  transfer.succeed();
  return result;
}

/** Sends standard input, of any length. @throws BreakwaterError */
export async function sendStandardInput(
  { stdin, location }: { stdin: Readable; location: S3Location },
  { store, context, request, resumable, formatHeaders }: SendTools,
): Promise<UploadResult> {
  const { checksum, ifNoneMatch } = request;
  const { signal } = context;
  const partSizeBytes = request.partSizeBytes ?? planPartSize(null);
  await using resume = await resumable.open({ location, source: '-', identity: null, options: null });
  using transfer = new ReportedTransfer(context, { location, sizeBytes: null });
  const result = await store.uploadStream({
    ...location,
    headers: formatHeaders({ name: location.key, identity: null }),
    checksum,
    ifNoneMatch,
    partSizeBytes,
    partsInFlight: Math.min(request.concurrency ?? STREAM_PARTS_IN_FLIGHT, context.requestsMax),
    body: readStandardInput(stdin, { signal, maxBytes: partSizeBytes * PARTS_MAX }),
    resume,
  });
  transfer.succeed();
  return result;
}

/** Emits `transfer_started` and, on dispose, `transfer_finished`: as a failure unless `succeed` was called. */
class ReportedTransfer implements Disposable {
  readonly #emit: EventSink;
  readonly #name: string;
  #ok = false;

  constructor(
    { emit }: TransferContext,
    { location, sizeBytes }: { readonly location: S3Location; readonly sizeBytes: number | null },
  ) {
    this.#emit = emit;
    this.#name = nameOf(location);
    emit({ kind: 'transfer_started', name: this.#name, totalBytes: sizeBytes });
  }

  succeed(): void {
    this.#ok = true;
  }

  [Symbol.dispose](): void {
    this.#emit({ kind: 'transfer_finished', name: this.#name, ok: this.#ok });
  }
}
