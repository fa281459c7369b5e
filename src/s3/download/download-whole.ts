import { formatExpected, isOfOnePiece, type ExpectedChecksum, type VerifiedBy } from '../checksum/expected-checksum.ts';
import { matchesObject } from '../checksum/whole-object.ts';
import type { ObjectResponse } from '../connection/object-client.ts';
import type { Attempt } from '../../guard/request-runner.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { describeMismatch } from './active-download.ts';
import { checkAnswer } from './check-answer.ts';
import { compareListed } from './compare-listed.ts';
import { readContentCoding } from './confirm-size.ts';
import type { DownloadRequest, DownloadResult, ObjectFacts, TakeWhole } from './download-request.ts';
import { askFor, discardBody, readFacts, readIdentity } from './get-response.ts';
import { confirmListed, nullIfMissing, type ListedIdentity } from './listed-identity.ts';
import type { DownloadOptions } from './verify-download.ts';

interface WholeRequest {
  readonly listed: ListedIdentity;
  readonly takeWhole: TakeWhole;
}

/** What must be known of an object to take it whole; null if it is to be fetched in pieces. */
export function planWhole({ listed = null, takeWhole, range, resume }: DownloadRequest): WholeRequest | null {
  const isAll = range === null && resume === null;
  return takeWhole !== undefined && listed !== null && isAll ? { listed, takeWhole } : null;
}

/**
 * Downloads a listed object with one request into memory, and verifies it there. For a small object, pieces and their
 * bookkeeping cost more than its request.
 * @returns null if it must be fetched in pieces: it is larger than was listed, its response does not state where it
 * ends, or its checksum needs the sizes of its parts
 */
export async function downloadWhole(
  options: DownloadOptions,
  { listed, takeWhole }: WholeRequest,
): Promise<DownloadResult | null> {
  const { requests, request, guard } = options;
  using _slot = await request.queue.take(request.bufferBytes, requests);
  const download = new WholeDownload(options, listed, takeWhole.bytesMax);
  const found = await requests.send((attempt) => download.attempt(attempt));
  if (found === null) return null;
  const bytes = found.content.byteLength;
  requests.addBytes(bytes);
  guard.emit({ kind: 'bytes_moved', name: `s3://${request.bucket}/${request.key}`, bytes });
  const writing = takeWhole.take(found.content, found.facts);
  if (writing !== null) await writing;
  return { ...found.facts, bytes, resumedBytes: 0, verifiedBy: found.verifiedBy };
}

interface WholeObject {
  readonly content: Uint8Array;
  readonly facts: ObjectFacts;
  readonly verifiedBy: VerifiedBy | null;
}

class WholeDownload {
  readonly #options: DownloadOptions;
  readonly #listed: ListedIdentity;
  readonly #bytesMax: number;

  constructor(options: DownloadOptions, listed: ListedIdentity, bytesMax: number) {
    this.#options = options;
    this.#listed = listed;
    this.#bytesMax = bytesMax;
  }

  /** @throws TransferFault `corrupted_body` if the bytes differ from their checksum */
  async attempt(attempt: Attempt): Promise<WholeObject | null> {
    const { head, body } = await this.#askListed(attempt);
    const { request } = this.#options;
    const { span } = checkAnswer(head, { address: request, range: null, known: null });
    if (!(body instanceof Uint8Array)) {
      discardBody(body);
      return null;
    }
    const facts = { ...readFacts(head, { isWhole: true }), sizeBytes: body.byteLength };
    if (!this.#isPlain(facts.expected, { encoding: head.ContentEncoding, end: span.end, bytes: body.byteLength })) {
      return null;
    }
    const { expected } = facts;
    if (expected === null) return { content: body, facts, verifiedBy: null };
    const matches = matchesObject(expected, body);
    if (matches === true || (matches !== false && (await matches))) {
      return { content: body, facts, verifiedBy: formatExpected(expected) };
    }
    throw new TransferFault('corrupted_body', describeMismatch(facts));
  }

  /** Whether the bytes are the object without further questions. */
  #isPlain(
    expected: ExpectedChecksum | null,
    { encoding, end, bytes }: { readonly encoding: string | undefined; readonly end: number; readonly bytes: number },
  ): boolean {
    if (expected !== null && !isOfOnePiece(expected)) return false;
    // A checksum of the bytes proves them, whatever a proxy may have done to them.
    if (expected !== null && expected.parts === null) return true;
    if (readContentCoding(encoding) !== null) return false;
    return Number.isFinite(end) || bytes === this.#listed.sizeBytes;
  }

  async #askListed({ options }: Attempt): Promise<ObjectResponse> {
    const { s3, request } = this.#options;
    const input = askFor(request, { range: null, etag: null });
    const asked = { ...options, wholeBytesMax: this.#bytesMax };
    let first: ObjectResponse | null;
    try {
      first = await s3.getObject(input, asked);
    } catch (error) {
      first = nullIfMissing(error);
    }
    const identify = ({ head }: ObjectResponse) => readIdentity(head, request.key);
    if (first !== null && compareListed(identify(first), this.#listed) === 'listed') return first;
    return await confirmListed(this.#listed, first, {
      ask: async () => await s3.getObject(input, asked),
      identify,
      discard: ({ body }) => discardBody(body),
    });
  }
}
