import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type {
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { takeXmlEntries, type XmlEntry } from './xml-entries.ts';

type Command = ListObjectsV2Command | ListObjectVersionsCommand | ListMultipartUploadsCommand | DeleteObjectsCommand;

/**
 * Takes the entries out of the response before the SDK parses it. Call the returned function after the response.
 * @param names the names of their XML elements
 */
export function readEntries(command: Command, names: ReadonlySet<string>): () => readonly XmlEntry[] {
  let entries: readonly XmlEntry[] = [];
  // The added step reads the HTTP response, which has the same type for every command.
  const stack = command.middlewareStack as ListObjectsV2Command['middlewareStack'];
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      const { statusCode, body } = readFields(response);
      if (statusCode !== 200 || !(body instanceof Readable)) return result;
      const taken = takeXmlEntries(await buffer(body), names);
      entries = taken.entries;
      Object.assign(readFields(response), { body: taken.rest });
      return result;
    },
    // The innermost step, because the check for errors in a 200 reads the rest of the body.
    { step: 'deserialize', name: 'readEntries', priority: 'low' },
  );
  return () => entries;
}

/** A size in bytes; null for any other text. */
export function readListedSize(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/**
 * Decodes a key from a listing with this `EncodingType`. AWS, Ceph and Swift all percent-encode; AWS also writes a
 * space as `+` (a plus is `%2B` everywhere).
 */
export function readListedKey(encoded: string, encoding: string | undefined): string {
  if (encoding !== 'url') return encoded;
  try {
    return decodeURIComponent(encoded.replaceAll('+', '%20'));
  } catch (error) {
    throw new TransferFault('not_s3', `a listed key cannot be decoded: ${encoded}`, { cause: error });
  }
}

/** Some stores send an empty marker for none. */
export function unlessEmpty(marker: string | undefined): string | undefined {
  return marker === '' ? undefined : marker;
}

/**
 * The key after which the next page starts; null after the last page.
 * @throws TransferFault `not_s3` for a truncated page without such a key
 */
export function readNextKey({
  IsTruncated,
  NextKeyMarker,
  EncodingType,
}: Pick<ListMultipartUploadsCommandOutput, 'IsTruncated' | 'NextKeyMarker' | 'EncodingType'>): string | null {
  if (IsTruncated !== true) return null;
  if (NextKeyMarker === undefined || NextKeyMarker === '') {
    throw new TransferFault('not_s3', 'a truncated listing has no marker for the next page');
  }
  return readListedKey(NextKeyMarker, EncodingType);
}
