import { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { DirectBody } from '../../http/direct-body.ts';
import type { ObjectAnswer } from '../connection/direct-response.ts';

export async function usingBody(
  { head, body }: ObjectAnswer,
  use: (answer: { head: GetObjectCommandOutput; body: Readable }) => Promise<void>,
): Promise<void> {
  if (!(body instanceof Readable)) throw new TransferFault('not_s3', 'the answer has no body');
  try {
    await use({ head, body });
  } finally {
    // Whatever is left unread would keep its connection, and the process, waiting.
    if (!(body instanceof DirectBody && body.isOver)) body.destroy();
  }
}
