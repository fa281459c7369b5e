import { TransferFault } from '../../retry/transfer-fault.ts';
import { DirectBody, readBody } from '../../http/direct-body.ts';
import type { ActiveDownload, PieceCursor } from './active-download.ts';
import type { GetAnswer } from './check-answer.ts';
import type { OpenBody } from './get-response.ts';
import { PieceWriter } from './piece-writer.ts';

/**
 * Moves the bytes of one response from the socket through a `PieceWriter` to the file, or in order
 * (`ordered-writer.ts`) to the pipe (`transfer/get/stream-output.ts`).
 * @throws TransferFault `body_cut`, `other_object` for more bytes than the object has, or `corrupted_body`: all retried
 */
export async function receiveBody(
  active: ActiveDownload,
  cursor: PieceCursor,
  response: {
    readonly body: OpenBody;
    readonly answer: GetAnswer;
    /** Asks for the size of the object, if the response leaves a doubt; null if not. */
    readonly confirmSize: () => Promise<number | null>;
  },
): Promise<void> {
  if (response.answer.isWhole) active.openStream(cursor);
  cursor.piece.state = 'receiving';
  let confirmedBytes: number | null;
  try {
    await writeBody(active, cursor, response);
    confirmedBytes = await response.confirmSize();
  } finally {
    active.closeStream(cursor);
    cursor.piece.state = 'waiting';
  }
  const { piece } = cursor;
  const { sizeBytes } = active.facts;
  const end = Math.min(piece.end, sizeBytes ?? active.listedBytes ?? confirmedBytes ?? 0);
  if (piece.at < end) {
    throw new TransferFault('body_cut', `the body ended after ${piece.at} of ${end} bytes`);
  }
  if (confirmedBytes !== null && piece.at > confirmedBytes) {
    const what = `${piece.at} bytes came of an object of ${confirmedBytes}`;
    await active.restart(piece);
    throw new TransferFault('other_object', what);
  }
  // A small object is checked within its own retries.
  if (piece.start > 0 || piece.at < (sizeBytes ?? piece.at)) return;
  if (sizeBytes === null) active.finish(piece);
  if (!active.isCheckedAtOnce || (await active.matches())) return;
  await active.restart(piece);
  throw new TransferFault('corrupted_body', active.mismatch);
}

async function writeBody(
  active: ActiveDownload,
  cursor: PieceCursor,
  { body: { body }, answer: { span } }: { readonly body: OpenBody; readonly answer: GetAnswer },
): Promise<void> {
  const release = body instanceof DirectBody ? body.release : keepChunks;
  const skip = active.base + cursor.piece.at - span.start;
  const writer = new PieceWriter(active, cursor, { skip, promised: span.end - span.start, release });
  try {
    await readBody(body, writer.take);
  } catch (error) {
    await writer.flush();
    // A cut after the last byte does no harm.
    if (cursor.piece.at < cursor.piece.end || isContradiction(error)) throw error;
  }
  await writer.flush();
  // An object of unknown size would pass for complete.
  if (writer.isBehind) throw new TransferFault('body_cut', `the body ended before byte ${cursor.piece.at}`);
}

function isContradiction(error: unknown): boolean {
  return error instanceof TransferFault && error.word === 'not_s3';
}

/** The chunks of a stream are not reused. */
function keepChunks(): void {}
