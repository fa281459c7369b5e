import { createHash } from 'node:crypto';
import { computeChecksum, parseAlgorithm, readAlgorithm } from './checksum.ts';
import { readChunkedBody, type ChunkedBody } from './chunked-body.ts';
import type { ChunkSigner } from './signature.ts';
import { Refusal, type Checksum, type SandboxOperation } from './wire.ts';

type Headers = ReadonlyMap<string, string>;

/** The values of `x-amz-content-sha256` that announce framing (S3 API Reference, SigV4 streaming). */
const FRAMINGS: ReadonlyMap<string, { readonly isSigned: boolean; readonly hasTrailer: boolean }> = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { isSigned: false, hasTrailer: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { isSigned: true, hasTrailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { isSigned: true, hasTrailer: true }],
]);

const CHECKSUM_HEADER = /^x-amz-checksum-(.+)$/;
const SDK_ALGORITHM = 'x-amz-sdk-checksum-algorithm';

export interface CheckedBody {
  readonly body: Buffer;
  readonly checksum: Checksum | null;
}

interface ReceivedRequest {
  readonly raw: Buffer;
  readonly headers: Headers;
  readonly operation: SandboxOperation;
  readonly signer: ChunkSigner;
}

/**
 * Removes a body's framing and checks the body against its headers: length, signed SHA-256, MD5, checksum.
 * @throws Refusal
 */
export function checkBody({ raw, headers, operation, signer }: ReceivedRequest): CheckedBody {
  const { body, trailers } = readFramed(raw, headers, signer);
  checkMd5(body, headers);
  // The checksum of a CompleteMultipartUpload belongs to the object, not to the request document.
  if (operation === 'CompleteMultipartUpload') return { body, checksum: null };
  const checksum = readChecksum(new Map([...headers, ...trailers]));
  checkAnnounced(headers, checksum);
  if (checksum !== null && computeChecksum(checksum.algorithm, body) !== checksum.value) {
    const name = checksum.algorithm.toUpperCase();
    throw new Refusal('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  }
  return { body, checksum };
}

function readFramed(raw: Buffer, headers: Headers, signer: ChunkSigner): ChunkedBody {
  const signed = headers.get('x-amz-content-sha256');
  if (signed === undefined) {
    throw new Refusal('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  const framing = FRAMINGS.get(signed);
  if (framing === undefined) {
    checkUnframed(raw, headers, signed);
    return { body: raw, trailers: new Map() };
  }
  const framed = readChunkedBody(raw, framing.isSigned ? signer : null);
  const length = headers.get('x-amz-decoded-content-length');
  if (length === undefined) {
    throw new Refusal('MissingContentLength', 'You must provide the x-amz-decoded-content-length HTTP header.');
  }
  if (length !== String(framed.body.length)) {
    throw new Refusal('IncompleteBody', 'The number of bytes differs from x-amz-decoded-content-length');
  }
  const announced = framing.hasTrailer ? readTrailerNames(headers) : [];
  const received = [...framed.trailers.keys()];
  if (announced.length !== received.length || announced.some((name) => !framed.trailers.has(name))) {
    throw new Refusal('MalformedTrailerError', 'The request contained trailing data that was not well-formed');
  }
  return framed;
}

function readTrailerNames(headers: Headers): readonly string[] {
  const names = (headers.get('x-amz-trailer') ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}

function checkUnframed(raw: Buffer, headers: Headers, signed: string): void {
  if (signed.startsWith('STREAMING-')) throw new Refusal('NotImplemented', `${signed} is not implemented here`);
  if (headers.has('transfer-encoding')) {
    throw new Refusal('NotImplemented', 'A header you provided implies functionality that is not implemented', {
      elements: { Header: 'Transfer-Encoding' },
    });
  }
  if (headers.has('x-amz-trailer')) {
    throw new Refusal('InvalidRequest', 'The x-amz-trailer header needs a body with the framing of a trailer');
  }
  if (signed === 'UNSIGNED-PAYLOAD') return;
  if (!/^[0-9a-f]{64}$/.test(signed)) {
    const message = 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a form of STREAMING, or a valid sha256 value.';
    throw new Refusal('InvalidArgument', message);
  }
  if (createHash('sha256').update(raw).digest('hex') !== signed) {
    throw new Refusal(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
}

function checkMd5(body: Buffer, headers: Headers): void {
  const md5 = headers.get('content-md5');
  if (md5 === undefined) return;
  if (!isBase64(md5, 16)) throw new Refusal('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  if (createHash('md5').update(body).digest('base64') !== md5) {
    throw new Refusal('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
}

/** @throws Refusal `InvalidRequest` for several checksums, or one that is none */
function readChecksum(headers: Headers): Checksum | null {
  const given = [...headers].flatMap(([name, value]): readonly Checksum[] => {
    const algorithm = parseAlgorithm(CHECKSUM_HEADER.exec(name)?.[1] ?? '');
    return algorithm === undefined ? [] : [{ algorithm, value, type: 'FULL_OBJECT' }];
  });
  const [checksum, ...others] = given;
  if (checksum === undefined) return null;
  if (others.length > 0) {
    const message = 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.';
    throw new Refusal('InvalidRequest', message);
  }
  const length = Buffer.from(computeChecksum(checksum.algorithm, Buffer.alloc(0)), 'base64').length;
  if (!isBase64(checksum.value, length)) {
    throw new Refusal('InvalidRequest', `Value for x-amz-checksum-${checksum.algorithm} header is invalid.`);
  }
  return checksum;
}

/** Checks that the checksum is the one that the SDK's header announces. */
function checkAnnounced(headers: Headers, checksum: Checksum | null): void {
  const text = headers.get(SDK_ALGORITHM);
  if (text === undefined || checksum?.algorithm === readAlgorithm(text)) return;
  const message = 'specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.';
  throw new Refusal('InvalidRequest', `${SDK_ALGORITHM} ${message}`);
}

function isBase64(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text;
}
