import type { ObjectStore } from '../../s3/object-store.ts';
import type { Slots } from '../../guard/slots.ts';
import { NOTHING_TO_RESUME, type UploadResult } from '../../s3/upload/upload-request.ts';
import type { LocalFile } from './source-file.ts';
import { describeObject } from './object-headers.ts';
import { PARTS_MAX } from '../../s3/protocol/limits.ts';
import { choosePartSize, planPartSize } from './part-size.ts';
import type { PutRequest } from './put-request.ts';
import { readStandardInput } from './standard-input.ts';
import { nameOf, type S3Location, type TransferContext } from '../transfer-context.ts';
import type { ResumableUploads } from './resume-upload.ts';

/** Parts of standard input in flight: with the part size it bounds the memory. */
const STREAM_PARTS_IN_FLIGHT = 4;

/** What every object of one put is sent with. */
export interface SendTools {
  readonly store: ObjectStore;
  readonly context: TransferContext;
  readonly request: PutRequest;
  readonly slots: Slots;
  readonly ledger: ResumableUploads;
}

/** Sends an open file. @throws BreakwaterError by its code */
export async function sendFile(
  file: LocalFile,
  { location, signal }: { location: S3Location; signal: AbortSignal },
  { store, context, request, slots, ledger }: SendTools,
): Promise<UploadResult> {
  const { identity, path } = file;
  const { sizeBytes } = identity;
  const { object, checksum, ifNoneMatch } = request;
  const partSizeBytes = choosePartSize({ path, sizeBytes }, request.partSizeBytes);
  const headers = describeObject(object, { name: location.key, identity });
  const options = { partSizeBytes, headers, checksum };
  const isSmall = sizeBytes <= partSizeBytes;
  await using memory = isSmall ? null : await ledger.open({ location, source: path, identity, options });
  return await follow(context, { location, sizeBytes }, async () =>
    store.uploadFile({
      ...location,
      ...options,
      ifNoneMatch,
      sizeBytes,
      source: file,
      queue: slots.openQueue(),
      signal,
      memory: memory ?? NOTHING_TO_RESUME,
    }),
  );
}

/** Sends standard input, of whatever length. @throws BreakwaterError by its code */
export async function sendStandardInput(
  location: S3Location,
  { store, context, request, ledger }: SendTools,
): Promise<UploadResult> {
  const { object, checksum, ifNoneMatch } = request;
  const { stdin, signal } = context;
  const partSizeBytes = request.partSizeBytes ?? planPartSize(null);
  const headers = describeObject(object, { name: location.key, identity: null });
  await using memory = await ledger.open({ location, source: '-', identity: null, options: null });
  return await follow(context, { location, sizeBytes: null }, async () =>
    store.uploadStream({
      ...location,
      headers,
      checksum,
      ifNoneMatch,
      partSizeBytes,
      partsInFlight: STREAM_PARTS_IN_FLIGHT,
      body: readStandardInput(stdin, { signal, maxBytes: partSizeBytes * PARTS_MAX }),
      memory,
    }),
  );
}

async function follow<T>(
  { emit }: TransferContext,
  { location, sizeBytes }: { location: S3Location; sizeBytes: number | null },
  send: () => Promise<T>,
): Promise<T> {
  const name = nameOf(location);
  emit({ kind: 'transfer_started', name, totalBytes: sizeBytes });
  let ok = false;
  try {
    const result = await send();
    ok = true;
    return result;
  } finally {
    emit({ kind: 'transfer_finished', name, ok });
  }
}
