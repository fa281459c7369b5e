import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { askFor, openBody, openListed, readFacts, toAskedRange, type Asked, type OpenBody } from './get-response.ts';
import { confirmSize } from './confirm-size.ts';
import { checkAnswer, locateRange, type GetAnswer, type KnownObject } from './check-answer.ts';
import { ActiveDownload, type PieceCursor } from './active-download.ts';
import { refuseEncodedPart } from './encoded-part.ts';
import { loadDigest } from '../checksum/digest.ts';
import { isSameEtag } from '../checksum/etag.ts';
import { findExpected, type ExpectedChecksum } from '../checksum/expected-checksum.ts';
import { headObject, isHeadRefused } from '../protocol/head-object.ts';
import { MissingRanges, type Piece } from './missing-ranges.ts';
import type { DownloadRequest, ObjectFacts, ResumePoint } from './download-request.ts';
import { toFileTarget } from './ordered-writer.ts';
import { receiveBody } from './receive-body.ts';
import { openCheck, type DownloadOptions } from './verify-download.ts';
import type { Attempt } from '../../guard/request-runner.ts';

/**
 * Sends the first request: its headers describe the object, and its body is the first missing piece. If an earlier run
 * left part of another object, all of this one is fetched.
 * @param onKnown called once the object is known and its target is open
 * @returns once the piece has arrived
 */
export async function fetchFirst(
  options: DownloadOptions,
  onKnown: (active: ActiveDownload) => void,
): Promise<ActiveDownload> {
  const { s3, requests, request } = options;
  using _slot = await request.queue.take(request.bufferBytes, requests);
  let known: { readonly active: ActiveDownload; readonly cursor: PieceCursor | null } | null = null;
  const send = (resume: ProvablePoint | null) =>
    requests.send(async (attempt) => {
      if (known === null) {
        const asked = askFirst(request, resume);
        using body = await openListed(request, async () =>
          openBody(await s3.getObject(askFor(request, asked), attempt.options)),
        );
        const question = { address: request, range: asked.range, known: resume && knownBefore(resume) };
        const answer = checkAnswer(body.head, question);
        await refuseEncodedPart(options, body.head, { answer, attempt });
        const isRangeIgnored = answer.isWhole && (asked.range !== null || body.head.AcceptRanges === 'none');
        const active = await activate(options, { head: body.head, answer, resume, isRangeIgnored });
        const piece = active.take();
        known = { active, cursor: piece && { piece } };
        onKnown(active);
        if (known.cursor !== null) await receiveChecked(options, active, known.cursor, { body, answer, attempt });
      } else if (known.cursor !== null) await receive(options, known.active, known.cursor, attempt);
      return known;
    });
  const resume = request.resume === null ? null : await findProof(options, request.resume);
  const { active, cursor } = await (resume === null
    ? send(null)
    : send(leaveOneByte(resume)).catch((error: unknown) => {
        if (known === null && saysChanged(error)) return send(null);
        throw error;
      }));
  if (cursor !== null) await finishPieces(options, active, cursor);
  return active;
}

/** Fetches one piece of a known object. */
export async function fetchPiece(options: DownloadOptions, active: ActiveDownload, piece: Piece): Promise<void> {
  const { requests, request } = options;
  await active.ready(piece);
  using _slot = await request.queue.take(request.bufferBytes, requests);
  const cursor = { piece };
  await requests.send((attempt) => receive(options, active, cursor, attempt));
  await finishPieces(options, active, cursor);
}

/** Call when a request has received its piece: fetches what no other request brings, if ranges are ignored. */
async function finishPieces(options: DownloadOptions, active: ActiveDownload, cursor: PieceCursor): Promise<void> {
  active.finish(cursor.piece);
  for (let next = active.takeRest(); next !== null; next = active.takeRest()) {
    cursor.piece = next;
    await active.ready(next);
    await options.requests.send((attempt) => receive(options, active, cursor, attempt));
    active.finish(cursor.piece);
  }
}

/** The result of an earlier run, and S3's checksum of the whole object to verify it. */
interface ProvablePoint extends ResumePoint {
  readonly expected: ExpectedChecksum;
}

/**
 * Gets the checksum of the whole object with a HEAD, because the response to a ranged GET has none. Without it, bytes
 * of an earlier run cannot be distinguished from the zeros that a power loss may leave.
 * @returns null if the object has changed, or there is no checksum that proves it
 */
async function findProof(
  { s3, requests, request }: DownloadOptions,
  resume: ResumePoint,
): Promise<ProvablePoint | null> {
  try {
    const head = await requests.sendAuxiliary(({ options }) =>
      headObject(s3, { ...request, wantsChecksum: true }, options),
    );
    if (head === null || head.ETag !== resume.etag || head.ContentLength !== resume.sizeBytes) return null;
    const expected = findExpected(head);
    return expected === null ? null : { ...resume, expected };
  } catch (error) {
    // Reading can be allowed where HEAD is not.
    if (error instanceof RetryChainFailed && isHeadRefused(error.cause)) return null;
    throw error;
  }
}

async function receive(
  options: DownloadOptions,
  active: ActiveDownload,
  cursor: PieceCursor,
  attempt: Attempt,
): Promise<void> {
  const { s3, request } = options;
  const { known, facts } = active;
  const { piece } = cursor;
  if (isReleased(piece)) return;
  // The whole object is requested without a range, because a range of an empty object is an error.
  const isAll = piece.at === 0 && piece.end === (facts.sizeBytes ?? Infinity) && request.range === null;
  const range = isAll ? null : toAskedRange(active.spanOf(piece));
  const { etag } = known;
  using body = await openListed({ key: request.key, listed: { etag, sizeBytes: null } }, async () =>
    openBody(await s3.getObject(askFor(request, { range, etag }), attempt.options)),
  );
  const answer = checkAnswer(body.head, { address: request, range, known });
  await refuseEncodedPart(options, body.head, { answer, attempt });
  // Another response began to bring it meanwhile.
  if (isReleased(piece)) return;
  const wanted = answer.isWhole && range !== null ? active.noteRangeIgnored(piece) : piece;
  if (wanted === null) return;
  cursor.piece = wanted;
  await receiveChecked(options, active, cursor, { body, answer, attempt });
}

async function receiveChecked(
  options: DownloadOptions,
  active: ActiveDownload,
  cursor: PieceCursor,
  { attempt, ...response }: { readonly body: OpenBody; readonly answer: GetAnswer; readonly attempt: Attempt },
): Promise<void> {
  const confirm = async () => await confirmSize(options, active, { response: response.body, cursor, attempt });
  await receiveBody(active, cursor, { ...response, confirmSize: confirm });
}

function isReleased({ state }: Piece): boolean {
  return state === 'released';
}

function askFirst({ range, pieceBytes }: DownloadRequest, resume: ResumePoint | null): Asked {
  if (resume === null) return { range, etag: null };
  const piece = new MissingRanges(resume.sizeBytes, resume.covered).take(pieceBytes);
  return { range: piece && toAskedRange(piece), etag: resume.etag };
}

function knownBefore({ etag, sizeBytes }: ResumePoint): KnownObject {
  return { etag, totalBytes: sizeBytes, lastModifiedMs: null };
}

interface FirstResponse {
  readonly head: GetObjectCommandOutput;
  readonly answer: GetAnswer;
  readonly resume: ProvablePoint | null;
  readonly isRangeIgnored: boolean;
}

/** Reads the object's description from the first response, and opens its target. */
async function activate(
  options: DownloadOptions,
  { head, answer, resume, isRangeIgnored }: FirstResponse,
): Promise<ActiveDownload> {
  const { requests, request, guard } = options;
  const { range, bucket, key, pieceBytes, piecesInFlight } = request;
  const span = resume === null ? locateRange(range, answer) : { start: 0, end: resume.sizeBytes };
  const facts: ObjectFacts = {
    ...readFacts(head, { isWhole: range === null }),
    sizeBytes: Number.isFinite(span.end) ? span.end - span.start : null,
    ...(resume === null ? {} : { expected: resume.expected }),
  };
  if (facts.expected !== null) await loadDigest(facts.expected.algorithm);
  const opened = await request.openTarget(facts, { isResumed: resume !== null });
  const target = toFileTarget(opened, { windowBytes: pieceBytes * piecesInFlight, signal: requests.signal });
  return new ActiveDownload({
    address: request,
    facts,
    check: openCheck(options, { facts, target }),
    known: answer,
    listedBytes: findListedBytes(request, facts),
    base: span.start,
    missing: new MissingRanges(facts.sizeBytes ?? Infinity, resume?.covered ?? []),
    target,
    pieceBytes,
    isRangeIgnored,
    onBytes: (bytes) => {
      requests.addBytes(bytes);
      guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes });
    },
  });
}

/** A response in chunks states no size, and may be cut between two of them. */
function findListedBytes({ listed = null, range }: DownloadRequest, { etag, sizeBytes }: ObjectFacts): number | null {
  const isListed = listed !== null && listed.etag !== null && isSameEtag(listed.etag, etag);
  return isListed && sizeBytes === null && range === null ? listed.sizeBytes : null;
}

/** If nothing is missing, a request for one byte still proves that the object has not changed. */
function leaveOneByte(resume: ProvablePoint): ProvablePoint {
  const { sizeBytes, covered } = resume;
  if (new MissingRanges(sizeBytes, covered).frontier < sizeBytes) return resume;
  return { ...resume, covered: [{ start: 0, end: sizeBytes - 1 }] };
}

function saysChanged(error: unknown): boolean {
  return error instanceof RetryChainFailed && error.failure.errorCode === 'object_changed';
}
