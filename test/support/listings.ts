import { runGuarded } from '../../src/guard/guarded-operation.ts';
import { listObjects } from '../../src/s3/list/list-objects.ts';
import { listUploads } from '../../src/s3/list/list-uploads.ts';
import { listVersions } from '../../src/s3/list/list-versions.ts';
import { listStoredParts } from '../../src/s3/upload/list-parts.ts';
import { createFakeGuard } from './fake-guard.ts';
import { createFakeS3, runWithS3, type FakeResponse, type Respond } from './fake-s3.ts';

export type ListingKind = 'objects' | 'versions' | 'uploads' | 'parts';

export const KEYED_LISTINGS = ['objects', 'versions', 'uploads'] as const satisfies readonly ListingKind[];
export const LISTINGS = [...KEYED_LISTINGS, 'parts'] as const;

const TIME = '2024-01-01T00:00:00.000Z';

const ENTRIES: Readonly<Record<ListingKind, string>> = {
  objects: `<Contents><Key>{}</Key><LastModified>${TIME}</LastModified><ETag>"e"</ETag><Size>3</Size></Contents>`,
  versions: `<Version><Key>{}</Key><VersionId>v</VersionId><IsLatest>false</IsLatest><LastModified>${TIME}</LastModified><Size>3</Size></Version>`,
  uploads: `<Upload><Key>{}</Key><UploadId>u</UploadId><Initiated>${TIME}</Initiated></Upload>`,
  parts: '<Part><PartNumber>{}</PartNumber><ETag>"e"</ETag><Size>3</Size></Part>',
};

/** The text of one entry; the key, or the number of the part, stands there as it is given. */
export function entryOf(kind: ListingKind, key: string): string {
  return ENTRIES[kind].replace('{}', () => key);
}

const ROOTS = {
  objects: ['ListBucketResult', '<Name>b</Name>', 'NextContinuationToken'],
  versions: ['ListVersionsResult', '<Name>b</Name>', 'NextKeyMarker'],
  uploads: ['ListMultipartUploadsResult', '<Bucket>b</Bucket>', 'NextKeyMarker'],
  parts: ['ListPartsResult', '<UploadId>u</UploadId>', 'NextPartNumberMarker'],
} as const;

export interface ListingPage {
  /** As they stand there; for parts their numbers. */
  readonly keys?: readonly string[];
  /** The entries as they stand there, instead of `keys`. */
  readonly entries?: string;
  /** The marker of the next page. @default none */
  readonly next?: string;
  /** The flag, as a whole element. @default as S3 writes it */
  readonly flag?: string;
  /** Further elements. @default EncodingType url, which parts do not have */
  readonly more?: string;
}

/** A page as S3 writes it, but for what is given. */
export function pageOf(kind: ListingKind, page: ListingPage): FakeResponse & { readonly body: string } {
  const [root, head, marker] = ROOTS[kind];
  const { keys = [], next, more = kind === 'parts' ? '' : '<EncodingType>url</EncodingType>' } = page;
  const { flag = `<IsTruncated>${next !== undefined}</IsTruncated>` } = page;
  const following = next === undefined ? '' : `<${marker}>${next}</${marker}>`;
  const entries = page.entries ?? keys.map((key) => entryOf(kind, key)).join('');
  return { body: `<?xml version="1.0"?><${root}>${head}${more}${flag}${following}${entries}</${root}>` };
}

/** Where the page of this request starts; null for the first. */
export function startOf(query: Readonly<Record<string, unknown>>): string | null {
  const start = query['continuation-token'] ?? query['key-marker'] ?? query['part-number-marker'];
  return typeof start === 'string' ? start : null;
}

/** Reads a whole listing of `b`, and tells what it had and how it ended. */
export async function runListing(kind: ListingKind, respond: Respond) {
  const { s3, requests } = createFakeS3(respond);
  const { guard, clock } = createFakeGuard();
  const keys: string[] = [];
  const request = { bucket: 'b', prefix: '' };
  const read = async (): Promise<void> => {
    switch (kind) {
      case 'objects':
        for await (const { objects } of listObjects(s3, guard, request)) keys.push(...objects.map(({ key }) => key));
        break;
      case 'versions':
        for await (const { versions } of listVersions(s3, guard, request)) keys.push(...versions.map(({ key }) => key));
        break;
      case 'uploads':
        for await (const { uploads } of listUploads(s3, guard, request)) keys.push(...uploads.map(({ key }) => key));
        break;
      case 'parts': {
        const upload = { bucket: 'b', key: 'k', uploadId: 'u', checksum: 'crc32' } as const;
        const stored = await runGuarded(guard, { operation: 'put_object', bucket: 'b', key: 'k' }, (runner) =>
          listStoredParts(s3, runner, upload),
        );
        keys.push(...[...(stored?.parts.keys() ?? [])].map(String));
      }
    }
  };
  const error: unknown = await runWithS3(clock, read()).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { keys, error, requests };
}
