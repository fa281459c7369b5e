import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { TransferFault } from '../retry/fault.ts';
import { assertAnsweredByS3 } from './answered-by-s3.ts';
import { DownloadProgress } from './download-progress.ts';
import type { Guard } from './guard.ts';
import { runGuarded } from './guarded-operation.ts';
import type { Attempt } from './request-runner.ts';

/** Where the bytes go, in order. */
export interface DownloadSink {
  /** Takes the next bytes. @throws BreakwaterError for a local fault, which is final and not S3's */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Forgets what was written; false where that is impossible, as in a pipe. */
  readonly restart: () => Promise<boolean>;
}

export interface DownloadRequest {
  readonly bucket: string;
  readonly key: string;
  /** Full name of the circuit that guards it. */
  readonly circuit: string;
  /** Called once S3 has answered: nothing local is touched for an object that is not there. */
  readonly openSink: (object: ObjectFacts) => Promise<DownloadSink>;
}

export interface ObjectFacts {
  readonly etag: string;
  readonly sizeBytes: number | null;
  readonly lastModifiedMs: number | null;
  readonly contentType: string | null;
}

export interface DownloadResult extends ObjectFacts {
  readonly bytes: number;
  /** The promise of S3 that the bytes were checked against; null where it made none that we can check. */
  readonly verifiedBy: string | null;
}

/**
 * Downloads one object as one guarded operation, body included: a body that is cut, stalls or arrives changed is
 * asked for again from where it ended, of the same version (`If-Match`), under the same retry rules.
 * @throws BreakwaterError `object_changed` when it was replaced meanwhile, `checksum_mismatch` when it stays corrupt
 */
export async function downloadObject(s3: S3Client, guard: Guard, request: DownloadRequest): Promise<DownloadResult> {
  const { bucket, key, circuit } = request;
  return await runGuarded(guard, { operation: 'get_object', bucket, key, circuit }, async (requests) => {
    const progress = new DownloadProgress(request, (bytes) => {
      requests.addBytes(bytes);
      guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes });
    });
    await requests.send({ isDataBearing: true }, async (attempt) => await receive({ s3, request, progress }, attempt));
    return progress.result();
  });
}

interface Download {
  readonly s3: S3Client;
  readonly request: DownloadRequest;
  readonly progress: DownloadProgress;
}

async function receive({ s3, request, progress }: Download, { options }: Attempt): Promise<void> {
  const { bucket, key } = request;
  const from = progress.offset;
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(from === 0 ? {} : { Range: `bytes=${from}-` }),
    ...(progress.etag === null ? {} : { IfMatch: progress.etag }),
  });
  askForChecksum(command);
  const answer = await s3.send(command, options);
  const body = answer.Body;
  if (!(body instanceof Readable)) throw new TransferFault('not_s3', 'the answer has no body');
  try {
    assertAnsweredByS3(answer, 'ETag');
    await progress.begin(answer);
    await readBody(body, { progress, skip: startOf(answer, from) }).catch((error: unknown) => {
      if (!progress.isComplete()) throw error;
    });
    await progress.finish();
  } finally {
    // Whatever is left unread would keep its connection, and the process, waiting.
    body.destroy();
  }
}

async function readBody(
  body: AsyncIterable<unknown>,
  { progress, skip }: { progress: DownloadProgress; skip: number },
): Promise<void> {
  let skipLeft = skip;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) throw new Error('the SDK gave a body that is not bytes');
    const fresh = chunk.subarray(Math.min(skipLeft, chunk.byteLength));
    skipLeft -= chunk.byteLength - fresh.byteLength;
    if (fresh.byteLength > 0) await progress.append(fresh);
  }
}

/** How many bytes of this answer we already have: a store that ignores `Range` sends them all again. */
function startOf(answer: GetObjectCommandOutput, from: number): number {
  if (from === 0) return 0;
  const start = /^bytes (\d+)-/.exec(answer.ContentRange ?? '')?.[1];
  if (start === undefined) return from;
  if (Number(start) === from) return 0;
  throw new TransferFault('not_s3', `asked for bytes from ${from}, was sent bytes from ${start}`);
}

/**
 * Asks S3 for the stored checksum by its header alone. The `ChecksumMode` field would also make the SDK check each
 * answer for itself, which is wrong for a range and costs a second digest.
 */
function askForChecksum(command: GetObjectCommand): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args;
      if (isHeaded(request)) request.headers['x-amz-checksum-mode'] = 'ENABLED';
      return await next(args);
    },
    { step: 'build', name: 'askForChecksum' },
  );
}

function isHeaded(request: unknown): request is { headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request;
}
