import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Attempt } from '../../guard/request-runner.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { headObject } from '../protocol/head-object.ts';
import type { GetAnswer } from './check-answer.ts';
import { nullIfRefused, readContentCoding } from './confirm-size.ts';
import type { DownloadOptions } from './verify-download.ts';

/**
 * Refuses a part of an object that has an encoding and states no length, before a byte of it is used: a proxy that
 * compresses leaves the range of the response as it was, and a retry would add other bytes to those of the compressed ones.
 * One HEAD can show that the object is stored with this encoding. A whole object is checked by `confirmSize`.
 * @throws TransferFault `not_s3`
 */
export async function refuseEncodedPart(
  { s3, request }: DownloadOptions,
  { ContentEncoding, ContentLength }: GetObjectCommandOutput,
  { answer, attempt }: { readonly answer: GetAnswer; readonly attempt: Attempt },
): Promise<void> {
  const coding = readContentCoding(ContentEncoding);
  const isPart = !answer.isWhole || request.range !== null;
  if (coding === null || ContentLength !== undefined || !isPart) return;
  const head = await headObject(s3, request, attempt.options).catch(nullIfRefused);
  const storedBytes = head?.ContentLength;
  const isOfSize = storedBytes !== undefined && storedBytes === (answer.totalBytes ?? storedBytes);
  if (isOfSize && readContentCoding(head?.ContentEncoding) === coding) return;
  throw new TransferFault('not_s3', `a part of the object, encoded on the way (${coding})`);
}
