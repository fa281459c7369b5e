import { abortUpload } from './discard-upload.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { StoredPart } from './list-parts.ts';
import { assembleParts, beginUpload, sendPart, type UploadChannel } from './multipart.ts';
import type { ObjectClient } from '../connection/direct-client.ts';
import { putWhole } from './put-object.ts';
import { refuseExisting, describeExisting } from './create-only.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { runPieces } from '../../guard/run-in-parallel.ts';
import { StreamParts, type StreamPart } from './stream-parts.ts';
import type { StreamUpload, UploadResult } from './upload-request.ts';

/**
 * Uploads a stream of unknown length as one guarded operation, in one request or in parts, whichever it comes to.
 * Parts are buffered, so every request can be tried again. A failed upload is aborted: what was read is gone.
 */
export async function uploadStream(s3: ObjectClient, guard: Guard, request: StreamUpload): Promise<UploadResult> {
  const { bucket, key, memory } = request;
  if (memory.staleId !== null) await abortUpload(s3, guard, { bucket, key, uploadId: memory.staleId });
  const upload = new PartedStream(s3, guard, request);
  try {
    const target = { operation: 'put_object', bucket, key } as const;
    const result = await runGuarded(guard, target, async (requests) => await upload.run(requests));
    await memory.forget();
    return result;
  } catch (error) {
    await upload.cleanUp();
    throw describeExisting(error, request);
  }
}

class PartedStream {
  readonly #s3: ObjectClient;
  readonly #guard: Guard;
  readonly #request: StreamUpload;
  readonly #stored: StoredPart[] = [];
  #uploadId: string | null = null;

  constructor(s3: ObjectClient, guard: Guard, request: StreamUpload) {
    this.#s3 = s3;
    this.#guard = guard;
    this.#request = request;
  }

  async run(requests: RequestRunner): Promise<UploadResult> {
    const { body, partSizeBytes } = this.#request;
    const parts = new StreamParts(body, { partSizeBytes, signal: requests.signal });
    const channel = { s3: this.#s3, guard: this.#guard, requests };
    try {
      const first = await parts.next();
      return first === null || first.isLast
        ? await putWhole(channel, this.#request, first?.bytes ?? Buffer.alloc(0))
        : await this.#putParts(channel, { first, parts });
    } finally {
      parts.close();
    }
  }

  /** After a failure. What could not be removed stays remembered, for the next run to remove. */
  async cleanUp(): Promise<void> {
    const { bucket, key, memory } = this.#request;
    if (this.#uploadId === null) return;
    if (await abortUpload(this.#s3, this.#guard, { bucket, key, uploadId: this.#uploadId })) await memory.forget();
  }

  async #putParts(
    channel: UploadChannel,
    { first, parts }: { readonly first: StreamPart; readonly parts: StreamParts },
  ): Promise<UploadResult> {
    const { bucket, key, memory, partsInFlight } = this.#request;
    const { guard } = channel;
    await refuseExisting(channel.s3, channel.requests, this.#request);
    const created = await beginUpload(channel, this.#request);
    this.#uploadId = created.uploadId;
    await memory.save(created.uploadId);
    await runPieces(takeTurns(first, parts), { inFlight: partsInFlight, requests: channel.requests }, async (turn) => {
      const part = await turn;
      if (part === null) return;
      this.#stored[part.number - 1] = await sendPart(channel, this.#request, { ...created, ...part });
      guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes: part.bytes.byteLength });
      parts.giveBack(part);
    });
    const stored = await assembleParts(channel, this.#request, { ...created, parts: this.#stored });
    return { ...stored, bytes: channel.requests.bytesMoved, resumedBytes: 0 };
  }
}

/** Parts as they are asked for; those that are asked for behind the last one are null. */
function* takeTurns(first: StreamPart, parts: StreamParts): Generator<Promise<StreamPart | null>> {
  yield Promise.resolve(first);
  while (!parts.isOver) yield parts.next();
}
