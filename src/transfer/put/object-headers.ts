import type { UploadHeaders } from '../../s3/upload/upload-request.ts';
import { contentTypeOf } from './content-type.ts';
import type { FileIdentity } from './source-file.ts';

/** The requested metadata for every object of a put; absent for S3's own default. */
export interface ObjectOptions {
  /** @default from each object's name */
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  /** In ms since the Unix epoch; the header has whole seconds. */
  readonly expiresMs?: number;
  /** Names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly serverSideEncryption?: string;
  readonly kmsKeyId?: string;
  readonly acl?: string;
}

/** The headers of one object. @param object its name, and the file that it is made of; null for a stream */
export type FormatHeaders = (object: {
  readonly name: string;
  readonly identity: FileIdentity | null;
}) => UploadHeaders;

/**
 * Formats the headers of each object of a put. A file's modification time is stored as `x-amz-meta-mtime`, in seconds
 * since the Unix epoch, which `get` and rclone restore. Requested metadata with that name wins.
 */
export function prepareHeaders(options: ObjectOptions): FormatHeaders {
  const { metadata } = options;
  const hasMetadata = Object.keys(metadata).length > 0;
  const same = createSharedHeaders(options);
  return ({ name, identity }) => {
    const mtime = identity === null ? {} : { mtime: formatMtime(identity.mtimeNs) };
    const Metadata = hasMetadata ? { ...mtime, ...metadata } : mtime;
    const contentType = options.contentType ?? contentTypeOf(name);
    return contentType === null ? { ...same, Metadata } : { ContentType: contentType, ...same, Metadata };
  };
}

/** The headers that are the same for all objects of a put. */
function createSharedHeaders(options: ObjectOptions): UploadHeaders {
  const { storageClass, serverSideEncryption, kmsKeyId, acl, tags } = options;
  // The SDK's types list only the values that it knows; newer ones must pass too.
  return {
    ...createContentHeaders(options),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass }),
    ...(serverSideEncryption === undefined ? {} : { ServerSideEncryption: serverSideEncryption }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    ...(acl === undefined ? {} : { ACL: acl }),
    ...(Object.keys(tags).length === 0 ? {} : { Tagging: formatTags(tags) }),
  } as UploadHeaders;
}

function createContentHeaders(options: ObjectOptions): UploadHeaders {
  const { cacheControl, contentEncoding, contentDisposition, contentLanguage, expiresMs } = options;
  return {
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
    ...(contentLanguage === undefined ? {} : { ContentLanguage: contentLanguage }),
    // oxlint-disable-next-line no-restricted-globals -- holds a given time, reads no clock
    ...(expiresMs === undefined ? {} : { Expires: new Date(expiresMs) }),
  };
}

/** Nanoseconds as seconds without trailing zeros: `1700000000.25`. */
export function formatMtime(ns: string): string {
  const sign = ns.startsWith('-') ? '-' : '';
  const digits = ns.slice(sign.length).padStart(10, '0');
  const decimals = digits.slice(-9).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -9)}${decimals === '' ? '' : `.${decimals}`}`;
}

/** Formats tags for the header, like the query of a URL. */
function formatTags(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}
