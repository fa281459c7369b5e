import { string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import type { ObjectOptions } from '../../transfer/put/object-headers.ts';
import { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import { parseHttpTime, parseUtcTime } from '../../wire-time.ts';
import { quoteGiven } from '../../mask-credentials.ts';
import { refuseValue } from '../settings/resolve-settings.ts';
import { repeatedFlag } from './flags.ts';

/** S3's limit on the total size of user-defined metadata (User Guide, "User-defined object metadata"). */
const METADATA_BYTES_MAX = 2048;

/** S3's limit on tags per object (User Guide, "Categorizing your storage using tags"). */
const TAGS_MAX = 10;

const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const;

const helpGroup = 'OBJECT';

/** Flags for the headers, metadata and settings stored with an object. */
export const objectFlags = {
  'content-type': string({
    summary: 'content type of every object; by default from the file extension',
    helpValue: 'TYPE',
    helpGroup,
  }),
  'cache-control': string({ summary: 'Cache-Control of every object', helpValue: 'TEXT', helpGroup }),
  'content-encoding': string({
    summary: 'Content-Encoding of every object, such as gzip; the bytes are sent as they are',
    helpValue: 'TEXT',
    helpGroup,
  }),
  'content-disposition': string({
    summary: 'Content-Disposition of every object, such as attachment',
    helpValue: 'TEXT',
    helpGroup,
  }),
  'content-language': string({ summary: 'Content-Language of every object', helpValue: 'TEXT', helpGroup }),
  expires: string({
    summary: 'Expires of every object, such as 2030-01-01T00:00:00Z',
    helpValue: 'TIME',
    helpGroup,
  }),
  metadata: repeatedFlag({
    summary: 'metadata of every object (x-amz-meta-NAME)',
    helpValue: 'NAME=VALUE',
    helpGroup,
  }),
  tags: repeatedFlag({
    summary: 'tag of every object, 10 at most',
    helpValue: 'NAME=VALUE',
    helpGroup,
  }),
  'storage-class': string({
    summary: 'storage class, such as STANDARD_IA; by default that of the store',
    helpValue: 'CLASS',
    helpGroup,
  }),
  sse: string({
    summary: 'server-side encryption; by default that of the bucket',
    options: ['AES256', 'aws:kms', 'aws:kms:dsse'],
    helpGroup,
  }),
  'sse-kms-key-id': string({
    summary: 'KMS key to encrypt with; implies --sse aws:kms',
    helpValue: 'ID',
    helpGroup,
  }),
  acl: string({ summary: 'canned access control list; by default private', options: ACLS, helpGroup }),
};

type ObjectFlags = Partial<InferredFlags<typeof objectFlags>>;

/** Reads these flags. @throws BreakwaterError `usage` for a value that cannot be sent in a header */
export function readObjectOptions(flags: ObjectFlags): ObjectOptions {
  const { acl, sse } = flags;
  const storageClass = readHeader('storage-class', flags['storage-class']);
  const kmsKeyId = readHeader('sse-kms-key-id', flags['sse-kms-key-id']);
  const serverSideEncryption = sse ?? (kmsKeyId === undefined ? undefined : 'aws:kms');
  if (kmsKeyId !== undefined && serverSideEncryption === 'AES256') {
    throw new BreakwaterError('usage', '--sse-kms-key-id cannot be combined with --sse AES256');
  }
  return {
    metadata: readMetadata(flags.metadata ?? []),
    tags: readTags(flags.tags ?? []),
    ...readContentHeaders(flags),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(serverSideEncryption === undefined ? {} : { serverSideEncryption }),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    ...(acl === undefined ? {} : { acl }),
  };
}

/** What a browser or another client reads about the content. */
function readContentHeaders(flags: ObjectFlags): Omit<ObjectOptions, 'metadata' | 'tags'> {
  const contentType = readHeader('content-type', flags['content-type']);
  const cacheControl = readHeader('cache-control', flags['cache-control']);
  const contentEncoding = readHeader('content-encoding', flags['content-encoding']);
  const contentDisposition = readHeader('content-disposition', flags['content-disposition']);
  const contentLanguage = readHeader('content-language', flags['content-language']);
  const expiresMs = readExpires(flags.expires);
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(contentDisposition === undefined ? {} : { contentDisposition }),
    ...(contentLanguage === undefined ? {} : { contentLanguage }),
    ...(expiresMs === undefined ? {} : { expiresMs }),
  };
}

/** As in the AWS CLI, or as the header itself has it. */
function readExpires(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = parseHttpTime(text) ?? parseUtcTime(text) ?? parseUtcTime(`${text}T00:00:00`);
  if (timeMs !== null) return timeMs;
  const accepts = 'a time such as 2030-01-01, 2030-01-01T00:00:00Z or Tue, 01 Jan 2030 00:00:00 GMT';
  throw refuseValue({ name: '--expires', value: text, accepts });
}

/** Only printable ASCII is safe in a header (RFC 9110, section 5.5). */
const HEADER_TEXT = /^[\x20-\x7e]+$/;

function readHeader(name: string, value: string | undefined): string | undefined {
  if (value === undefined || HEADER_TEXT.test(value)) return value;
  throw refuseValue({ name: `--${name}`, value, accepts: 'printable ASCII' });
}

function readMetadata(given: readonly string[]): Readonly<Record<string, string>> {
  const entries = given.map((text) => {
    const [name, value] = split(text, { flag: '--metadata', accepts: 'NAME=VALUE in printable ASCII' });
    if (!/^[A-Za-z0-9._-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
      throw refuseValue({ name: '--metadata', value: text, accepts: 'NAME=VALUE in printable ASCII' });
    }
    return [name.toLowerCase(), value] as const;
  });
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > METADATA_BYTES_MAX) {
    throw new BreakwaterError('usage', `--metadata has ${bytes} bytes; S3 allows ${METADATA_BYTES_MAX}`);
  }
  return Object.fromEntries(entries);
}

/** The shorthand of aws, `a=b,c=d`: every part a name and a value. Here it is one value, which S3 allows. */
const SEVERAL_METADATA = /^[\w.-]+=[^,=]*(?:,[\w.-]+=[^,=]*)+$/u;

/** Warns of metadata that looks like several pairs in one flag. */
export function warnOfJoinedMetadata({ metadata = [] }: Pick<ObjectFlags, 'metadata'>, emit: EventSink): void {
  const joined = metadata.find((text) => SEVERAL_METADATA.test(text));
  if (joined === undefined) return;
  const message = `--metadata ${quoteGiven(joined)} is one name with one value; for several, repeat the flag`;
  emit({ kind: 'warning', reason: 'metadata_list', message });
}

function readTags(given: readonly string[]): Readonly<Record<string, string>> {
  const accepts = 'NAME=VALUE with a name of up to 128 characters and a value of up to 256';
  const entries = given.map((text) => {
    const [name, value] = split(text, { flag: '--tags', accepts });
    if (SEVERAL_TAGS.test(text)) throw severalTagsError(text);
    if (name.length > 128 || value.length > 256) throw refuseValue({ name: '--tags', value: text, accepts });
    return [name, value] as const;
  });
  const tags = Object.fromEntries(entries);
  if (Object.keys(tags).length > TAGS_MAX) {
    throw new BreakwaterError('usage', `an object can have at most ${TAGS_MAX} tags`);
  }
  return tags;
}

/**
 * The lists of other tools: `a=b&c=d` (the header), `Key=a,Value=b` (aws). S3 allows neither `&` nor a comma in tags
 * (User Guide, "Categorizing your storage using tags"); some stores allow a comma, so it counts only before a name.
 */
const SEVERAL_TAGS = /&|,[^=]+=/u;

function severalTagsError(text: string): BreakwaterError {
  return new BreakwaterError(
    'usage',
    `--tags: ${quoteGiven(text)} would be one tag, with a value that S3 does not allow`,
    {
      details: { reason: 'bad_value', hint: 'repeat the flag for each tag: --tags NAME=VALUE --tags NAME=VALUE' },
    },
  );
}

function split(text: string, { flag, accepts }: { flag: string; accepts: string }): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw refuseValue({ name: flag, value: text, accepts });
  return [text.slice(0, at), text.slice(at + 1)];
}
