import { Readable } from 'node:stream';
import type {
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readXmlPage, type XmlPage } from './xml-entries.ts';
import { trimBlanks } from './xml-text.ts';

type ListCommand = ListObjectsV2Command | ListObjectVersionsCommand | ListMultipartUploadsCommand | ListPartsCommand;

/**
 * The most bytes of one page. A thousand entries with the longest keys, each byte of them percent-encoded, and with
 * owner and checksums take 5 MB.
 */
export const PAGE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads the page in the response instead of the SDK, which gets an empty document. Call the returned function after the
 * response.
 * @param names the names of the XML elements that are the entries
 */
export function readPage(command: ListCommand | DeleteObjectsCommand, names: ReadonlySet<string>): () => XmlPage {
  let page: XmlPage | null = null;
  // The added step reads the HTTP response, which has the same type for every command.
  const stack = command.middlewareStack as ListObjectsV2Command['middlewareStack'];
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      const { statusCode, body } = readFields(response);
      if (typeof statusCode !== 'number' || statusCode < 200 || statusCode > 299) return result;
      if (statusCode !== 200) throw new TransferFault('not_s3', `S3 sends no list with status ${statusCode}`);
      const document = await readDocument(body);
      page = readXmlPage(document, names);
      // The check for errors in a 200 still has to find them.
      Object.assign(readFields(response), { body: Readable.from([page.root === 'Error' ? document : EMPTY]) });
      return result;
    },
    // The innermost step, because the check for errors in a 200 reads the body.
    { step: 'deserialize', name: 'readPage', priority: 'low' },
  );
  return () => page ?? refusePage('the response has no list');
}

const EMPTY = Buffer.from('<Empty/>');

/** @throws TransferFault `not_s3` as soon as the body is larger than a page can be */
async function readDocument(body: unknown): Promise<Buffer> {
  if (!(body instanceof Readable)) return refusePage('the response has no body');
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop closes the body, and with it the connection.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > PAGE_BYTES_MAX) return refusePage(`the response is larger than ${PAGE_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws TransferFault `not_s3` always */
export function refusePage(why: string): never {
  throw new TransferFault('not_s3', why);
}

/**
 * The text of an element below the root of a page; null if it is missing or empty.
 * @throws TransferFault `not_s3` if it stands there twice, or has elements of its own
 */
export function readHeadText({ head }: XmlPage, name: string): string | null {
  const [text = '', ...others] = head.get(name.toLowerCase()) ?? [];
  if (text === null || others.length > 0) return refusePage(`<${name}> of the listing has more than one reading`);
  return text === '' ? null : text;
}

/** The keys of the entries, as they are written. */
export function keysOf({ entries }: XmlPage): readonly string[] {
  return entries.flatMap(({ fields }) => fields['Key'] ?? []);
}

/** `true` and `false`, also in the spellings of other stores; null for any other text. */
export function readFlag(text: string): boolean | null {
  return FLAGS.get(trimBlanks(text).toLowerCase()) ?? null;
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** A size in bytes; null for any other text. */
export function readListedSize(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
