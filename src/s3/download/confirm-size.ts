import { BreakwaterError } from '../../errors.ts';
import type { Attempt } from '../../guard/request-runner.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { isSameEtag } from '../checksum/etag.ts';
import { headObject, isHeadRefused } from '../protocol/head-object.ts';
import type { ActiveDownload, PieceCursor } from './active-download.ts';
import type { OpenBody } from './get-response.ts';
import type { DownloadOptions } from './verify-download.ts';

interface Received {
  /** Its body has been read. */
  readonly response: OpenBody;
  readonly cursor: PieceCursor;
  readonly attempt: Attempt;
}

/**
 * Asks for the size of an object with a HEAD if its response does not prove that its bytes are whole and as stored: it
 * stated no size, or they have an encoding that a proxy may have added. No request if a checksum of the bytes proves
 * them, or a listing the size.
 * @returns the size; null without a doubt
 * @throws TransferFault `not_s3` if no size can be found, and only the end of the connection ended the bytes, or a listing
 *   tells another size
 * @throws BreakwaterError `rejected` for bytes that were encoded on the way
 */
export async function confirmSize(
  { s3, request }: DownloadOptions,
  active: ActiveDownload,
  { response, cursor, attempt }: Received,
): Promise<number | null> {
  const { etag, sizeBytes, expected } = active.facts;
  if (request.range !== null || (expected !== null && expected.parts === null)) return null;
  const listedBytes = request.listed?.sizeBytes ?? null;
  const encoding = readContentCoding(response.head.ContentEncoding);
  const isEncoded = encoding !== null && (sizeBytes === null || listedBytes !== sizeBytes);
  const { at } = cursor.piece;
  // Nothing to ask where a listed size shows that the rest is missing.
  const isShort = active.listedBytes !== null && at < active.listedBytes;
  // A proxy that loses its server in the middle can still send the last chunk.
  const mayBeOther = sizeBytes === null && listedBytes !== at && !isShort;
  if (!isEncoded && !mayBeOther) return null;
  const head = await headObject(s3, request, attempt.options).catch(nullIfRefused);
  const isSame = head !== null && isSameEtag(head.ETag ?? null, etag);
  const statedBytes = (isSame ? head.ContentLength : null) ?? null;
  if (statedBytes === null) {
    if (!isEncoded && !response.endsWithConnection && listedBytes === null) return null;
    throw new TransferFault('not_s3', 'the response leaves the size of the object open, and so does a HEAD');
  }
  const bytes = sizeBytes ?? at;
  if (isEncoded && bytes !== statedBytes) throw encodedError(active, `${encoding}: ${bytes} bytes`, statedBytes);
  return statedBytes;
}

/** Null for bytes as they are: `aws-chunked` is of an upload, and some stores repeat it. */
export function readContentCoding(text = ''): string | null {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  return names.find((name) => name !== '' && name !== 'identity' && name !== 'aws-chunked') ?? null;
}

/** Reading can be allowed where HEAD is not. */
export function nullIfRefused(error: unknown): null {
  if (isHeadRefused(error)) return null;
  throw error;
}

function encodedError({ address }: ActiveDownload, encoded: string, statedBytes: number): BreakwaterError {
  const message = `get s3://${address.bucket}/${address.key}: the response was encoded on the way (${encoded} of ${statedBytes})`;
  return new BreakwaterError('rejected', message, {
    details: { hint: 'turn off the compression of the proxy or cache in front of the store, or go around it' },
  });
}
