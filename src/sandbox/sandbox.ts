import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, type Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import { quoteGiven } from '../mask-credentials.ts';
import { loadFastCrc } from '../fast-crc.ts';
import { respondToRequest, sendRefusal, type SandboxContext } from './respond.ts';
import type { Bucket } from './store/bucket.ts';
import { Buckets } from './store/buckets.ts';
import { etagOf } from './operations/etag.ts';
import { keepHeaders } from './operations/kept-headers.ts';
import { respondToControl, CONTROL_PATH } from './control.ts';
import { Faults, type ActiveFault } from './faults/fault.ts';
import { parseFault } from './faults/fault-text.ts';
import { startHttpServer } from './protocol/http-server.ts';
import { RequestLog, type LoggedRequest } from './request-log.ts';
import type { Keys } from './protocol/signature.ts';
import type { StoreQuirk } from './protocol/wire.ts';

export interface SandboxOptions {
  /** 0 for any free port. @default 0 */
  readonly port?: number;
  readonly clock?: Clock;
  /** Its differences from S3. @default no differences */
  readonly quirks?: readonly StoreQuirk[];
  /** Receives each request once its response is decided. */
  readonly onRequest?: (request: LoggedRequest) => void;
}

export interface SeedObject {
  readonly bucket: string;
  readonly key: string;
  readonly body: string | Buffer;
  /** Age of the object, in ms. @default 0 */
  readonly ageMs?: number;
  /** @default binary/octet-stream */
  readonly contentType?: string;
}

export interface HeldVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
}

/** A running local S3. */
export interface Sandbox extends Keys {
  readonly endpoint: string;
  readonly region: string;
  /** Stores an object without a request; creates the bucket. */
  readonly seed: (object: SeedObject) => void;
  /** The bytes of an object; undefined if there is none. */
  readonly read: (bucket: string, key: string) => Buffer | undefined;
  readonly keys: (bucket: string) => readonly string[];
  /** All versions and delete markers, by key, latest first. */
  readonly versions: (bucket: string) => readonly HeldVersion[];
  /** Enables versioning; creates the bucket. @throws BreakwaterError `usage` for an invalid name */
  readonly keepVersions: (bucket: string) => void;
  readonly createBucket: (bucket: string) => void;
  /** Multipart uploads that are neither completed nor aborted. */
  readonly openUploads: (bucket: string) => number;
  /** @returns its id. @throws BreakwaterError `usage`; see `parseFault` */
  readonly addFault: (text: string) => number;
  readonly removeFault: (id: number) => boolean;
  readonly clearFaults: () => void;
  readonly faults: () => readonly ActiveFault[];
  /** Every request since the start or the last `clearRequests`, in order of arrival, with or without a response. */
  readonly requests: () => readonly LoggedRequest[];
  readonly clearRequests: () => void;
  /** Stops the server and closes every connection. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a local S3 in this process: objects in memory, path style, verified signatures, faults on demand.
 * @throws BreakwaterError `config` if it cannot listen on the port
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { clock = systemClock, port = 0, quirks = [], onRequest } = options;
  const keys: Keys = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox-secret' };
  for (const name of ['crc32c', 'crc64nvme'] as const) await loadFastCrc(name);
  const buckets = new Buckets(newId);
  const faults = new Faults(clock.monotonic);
  const log = new RequestLog(clock, onRequest);
  const context = { quirks: new Set(quirks), buckets, faults, log, keys, clock, newId };
  const { endpoint, close } = await startHttpServer(
    port,
    (request, response) => void reply(request, response, context),
  );
  return {
    ...keys,
    endpoint,
    region: 'us-east-1',
    seed: ({ bucket: name, key, body, ageMs = 0, contentType }) => {
      const nowMs = clock.now();
      const bucket = getOrCreate(buckets, name, nowMs);
      const bytes = Buffer.from(body);
      const headers = keepHeaders(new Map(contentType === undefined ? [] : [['content-type', contentType]]));
      const lastModifiedMs = nowMs - ageMs;
      bucket.put(key, {
        body: bytes,
        etag: etagOf(bytes, headers),
        lastModifiedMs,
        headers,
        checksum: null,
        parts: [],
      });
    },
    read: (bucket, key) => buckets.get(bucket).find(key)?.body,
    keys: (bucket) => [...buckets.get(bucket).keys],
    versions: (bucket) => listVersionIds(buckets.get(bucket)),
    keepVersions: (bucket) => getOrCreate(buckets, bucket, clock.now()).setVersioning('enabled'),
    createBucket: (bucket) => void buckets.create(bucket, clock.now()),
    openUploads: (bucket) => buckets.get(bucket).uploads.size,
    addFault: (text) => faults.add(parseFault(text), text),
    removeFault: (id) => faults.remove(id),
    clearFaults: () => faults.clear(),
    faults: () => faults.list(),
    requests: () => log.list(),
    clearRequests: () => log.clear(),
    close,
  };
}

function getOrCreate(buckets: Buckets, name: string, nowMs: number): Bucket {
  if (buckets.has(name)) return buckets.get(name);
  try {
    return buckets.create(name, nowMs);
  } catch (error) {
    const details = { hint: 'use 3 to 63 lower-case letters, digits, dots and hyphens' };
    throw new BreakwaterError('usage', `${quoteGiven(name)} is not a valid bucket name`, {
      cause: error,
      details,
    });
  }
}

function listVersionIds(bucket: Bucket): readonly HeldVersion[] {
  return bucket.versionedKeys.flatMap((key) =>
    bucket.versions(key).map(({ versionId, kind }) => ({ key, versionId, isDeleteMarker: kind === 'delete_marker' })),
  );
}

function newId(): string {
  return randomBytes(16).toString('hex');
}

async function reply(request: IncomingMessage, response: ServerResponse, context: SandboxContext): Promise<void> {
  try {
    if (request.url?.startsWith(CONTROL_PATH) === true) await respondToControl(request, response, context);
    else await respondToRequest(request, response, context);
  } catch (error) {
    // Either the client has disconnected, or this is a bug in the sandbox, which is reported.
    if (response.headersSent || request.destroyed) response.destroy();
    else {
      const [code, status, requestId] = ['InternalError', 500, context.newId()] as const;
      sendRefusal(response, { code, status, requestId, message: String(error), resource: '' });
    }
  }
}
