import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectVersion,
} from '@aws-sdk/client-s3';
import { listObjects } from '../../../src/s3/list/list-objects.ts';
import { listUploads } from '../../../src/s3/list/list-uploads.ts';
import { listVersions } from '../../../src/s3/list/list-versions.ts';
import { BreakwaterError } from '../../../src/errors.ts';
import { readFields, type UnknownFields } from '../../../src/read-fields.ts';
import { sinceS3Began } from '../../../src/wire-time.ts';
import { createFakeGuard } from '../fake-guard.ts';
import { createFakeS3, runWithS3, type FakeResponse } from '../fake-s3.ts';
import type { KeyedListing } from './arbitrary.ts';

/** One entry, with what decides about its object. An absent field is undefined. */
export interface ReadEntry {
  readonly key: string | undefined;
  readonly id: string | undefined;
  readonly isLatest: boolean | undefined;
  readonly isMarker: boolean;
  readonly sizeBytes: number | undefined;
  readonly timeMs: number | null | undefined;
  readonly etag: string | undefined;
}

/** What a reader made of a page; `isMore`: another page follows. Null if it refuses the page. */
export type PageReading = { readonly entries: readonly ReadEntry[]; readonly isMore: boolean } | null;

const PLAIN = { id: undefined, isLatest: undefined, isMarker: false, sizeBytes: undefined, etag: undefined };

/** Reads the page as the program does, up to the request for the next one. */
export async function readWithOurs(kind: KeyedListing, body: Buffer): Promise<PageReading> {
  let requests = 0;
  let isMore = false;
  const start: { query: string | null } = { query: null };
  const { s3 } = createFakeS3(({ query }): FakeResponse => {
    requests += 1;
    const from = JSON.stringify([query['continuation-token'], query['key-marker']]);
    if (requests > 1 && from !== start.query) {
      isMore = true;
      return { status: 403 };
    }
    start.query = from;
    return { body };
  });
  const retry = { retries: 0, baseMs: 1, jitter: 'none' } as const;
  const { guard, clock } = createFakeGuard({ settings: { retry } });
  const entries: ReadEntry[] = [];
  try {
    await runWithS3(clock, readPagesOf(kind, { s3, guard }, entries));
  } catch (error) {
    if (!(error instanceof BreakwaterError) || error.code === 'internal') throw error;
    // A page that leads back to itself is not taken for the whole.
    if (error.details.reason === 'listing_stands_still') isMore = true;
    else if (!isMore) return null;
  }
  return { entries, isMore };
}

async function readPagesOf(
  kind: KeyedListing,
  { s3, guard }: { s3: Parameters<typeof listObjects>[0]; guard: Parameters<typeof listObjects>[1] },
  entries: ReadEntry[],
): Promise<void> {
  const request = { bucket: 'b', prefix: '' };
  if (kind === 'objects') {
    for await (const { objects } of listObjects(s3, guard, request)) {
      for (const { key, sizeBytes, lastModifiedMs, etag } of objects) {
        entries.push({ ...PLAIN, key, sizeBytes, timeMs: lastModifiedMs, etag: etag ?? undefined });
      }
    }
  } else if (kind === 'versions') {
    for await (const { versions } of listVersions(s3, guard, request)) {
      for (const { key, versionId: id, isLatest, isDeleteMarker: isMarker, lastModifiedMs, ...rest } of versions) {
        const [sizeBytes, etag] = isMarker ? [] : [rest.sizeBytes, rest.etag ?? undefined];
        entries.push({ key, id, isLatest, isMarker, sizeBytes, timeMs: lastModifiedMs, etag });
      }
    }
  } else {
    for await (const { uploads } of listUploads(s3, guard, request)) {
      for (const { key, uploadId: id, startedAtMs } of uploads)
        entries.push({ ...PLAIN, key, id, timeMs: startedAtMs });
    }
  }
}

/**
 * Reads the page with the SDK alone, and decodes its keys as the page says. The SDK also refuses pages for fields that
 * say nothing about the identity of an object, and for flags in other spellings; then its XML parser decides.
 */
export async function readWithSdk(kind: KeyedListing, body: Buffer): Promise<PageReading> {
  const { s3 } = createFakeS3(() => ({ body }));
  try {
    const { entries, isMore, encoding } = await sendWithSdk(kind, s3).catch(() => parseWithSdk(kind, s3, body));
    if (!/^[ \t\r\n]*url[ \t\r\n]*$/i.test(encoding ?? '')) return { entries, isMore };
    return { entries: entries.map((entry) => ({ ...entry, key: decode(entry.key) })), isMore };
  } catch {
    return null;
  }
}

function decode(key: string | undefined): string | undefined {
  return key === undefined ? undefined : decodeURIComponent(key.replaceAll('+', '%20'));
}

const LISTS = { objects: ['Contents'], versions: ['Version', 'DeleteMarker'], uploads: ['Upload'] } as const;

/** @throws if it is no XML for the SDK, or a field that we read is no text */
function parseWithSdk(kind: KeyedListing, s3: ReturnType<typeof createFakeS3>['s3'], body: Buffer) {
  // The codec is not part of the SDK's types.
  const protocol = s3.config.protocol as unknown as {
    getPayloadCodec(): { createDeserializer(): { parseXml(text: string): unknown } };
  };
  const root = readFields(protocol.getPayloadCodec().createDeserializer().parseXml(body.toString('utf8')));
  const entries = LISTS[kind].flatMap((name) =>
    [root[name] ?? []].flat().map((element): ReadEntry => {
      const fields = readFields(element);
      const time = readText(fields, kind === 'uploads' ? 'Initiated' : 'LastModified');
      const [size, isMarker] = [readText(fields, 'Size'), name === 'DeleteMarker'];
      return {
        key: readText(fields, 'Key'),
        id: readText(fields, kind === 'uploads' ? 'UploadId' : 'VersionId'),
        isLatest: readText(fields, 'IsLatest') === undefined ? undefined : readText(fields, 'IsLatest') === 'true',
        isMarker,
        sizeBytes: size === undefined || isMarker ? undefined : Number(size),
        timeMs: time === undefined ? undefined : sinceS3Began(Date.parse(time)),
        etag: isMarker ? undefined : readText(fields, 'ETag') || undefined,
      };
    }),
  );
  return { entries, isMore: root['IsTruncated'] === 'true', encoding: readText(root, 'EncodingType') };
}

function readText(fields: UnknownFields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new Error(`${name} is no text`);
}

async function sendWithSdk(kind: KeyedListing, s3: ReturnType<typeof createFakeS3>['s3']) {
  const timeOf = (time: Date | undefined) => (time === undefined ? undefined : sinceS3Began(time.getTime()));
  if (kind === 'objects') {
    const output = await s3.send(new ListObjectsV2Command({ Bucket: 'b', EncodingType: 'url' }));
    const entries = (output.Contents ?? []).map(({ Key, Size, LastModified, ETag }): ReadEntry => ({
      ...PLAIN,
      key: Key,
      sizeBytes: Size,
      timeMs: timeOf(LastModified),
      etag: ETag || undefined,
    }));
    return { entries, isMore: output.IsTruncated === true, encoding: output.EncodingType };
  }
  if (kind === 'versions') {
    const output = await s3.send(new ListObjectVersionsCommand({ Bucket: 'b', EncodingType: 'url' }));
    const read = (
      isMarker: boolean,
      { Key, VersionId, IsLatest, LastModified, Size, ETag }: ObjectVersion,
    ): ReadEntry => ({
      key: Key,
      id: VersionId,
      isLatest: IsLatest,
      isMarker,
      sizeBytes: Size,
      timeMs: timeOf(LastModified),
      etag: ETag || undefined,
    });
    const versions = (output.Versions ?? []).map((version) => read(false, version));
    const markers = (output.DeleteMarkers ?? []).map((marker) => read(true, marker));
    return { entries: [...versions, ...markers], isMore: output.IsTruncated === true, encoding: output.EncodingType };
  }
  const output = await s3.send(new ListMultipartUploadsCommand({ Bucket: 'b', EncodingType: 'url' }));
  const entries = (output.Uploads ?? []).map(({ Key, UploadId, Initiated }): ReadEntry => ({
    ...PLAIN,
    key: Key,
    id: UploadId,
    timeMs: timeOf(Initiated),
  }));
  return { entries, isMore: output.IsTruncated === true, encoding: output.EncodingType };
}
