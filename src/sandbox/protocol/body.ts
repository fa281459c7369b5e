import { createHash } from 'node:crypto';
import { computeChecksum, parseAlgorithm } from './checksum.ts';
import { Refusal, type Checksum, type SandboxOperation } from './wire.ts';

const STREAMED_WITH_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/**
 * Removes a body's framing and checks the body against its headers: length, signed SHA-256, MD5, checksum.
 * @throws Refusal
 */
export function checkBody(
  raw: Buffer,
  headers: ReadonlyMap<string, string>,
  operation: SandboxOperation,
): { readonly body: Buffer; readonly checksum: Checksum | null } {
  const signed = headers.get('x-amz-content-sha256');
  if (signed?.startsWith('STREAMING-') === true && signed !== STREAMED_WITH_TRAILER) {
    throw new Refusal('NotImplemented', 'Chunks with their own signatures are not implemented here');
  }
  const isFramed = signed === STREAMED_WITH_TRAILER;
  const { body, trailers } = isFramed ? readChunks(raw) : { body: raw, trailers: new Map<string, string>() };
  const decodedLength = headers.get('x-amz-decoded-content-length');
  if (isFramed && decodedLength !== undefined && Number(decodedLength) !== body.length) {
    throw new Refusal('IncompleteBody', 'The number of bytes differs from x-amz-decoded-content-length');
  }
  const isHashed = signed !== undefined && /^[0-9a-f]{64}$/.test(signed);
  if (isHashed && createHash('sha256').update(body).digest('hex') !== signed) {
    throw new Refusal(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const md5 = headers.get('content-md5');
  if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5) {
    throw new Refusal('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  // The checksum of a CompleteMultipartUpload belongs to the object, not to the request document.
  if (operation === 'CompleteMultipartUpload') return { body, checksum: null };
  return { body, checksum: checkChecksum(body, new Map([...headers, ...trailers])) };
}

function checkChecksum(body: Buffer, headers: ReadonlyMap<string, string>): Checksum | null {
  for (const [name, value] of headers) {
    const algorithm = parseAlgorithm(/^x-amz-checksum-(.+)$/.exec(name)?.[1] ?? '');
    if (algorithm === undefined) continue;
    if (computeChecksum(algorithm, body) !== value) {
      throw new Refusal(
        'BadDigest',
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
    return { algorithm, value, type: 'FULL_OBJECT' };
  }
  return null;
}

/** Decodes `aws-chunked` framing: chunks, each preceded by its size in hex, up to a chunk of size 0; then trailers. */
function readChunks(raw: Buffer): { body: Buffer; trailers: ReadonlyMap<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  const readLine = (): string => {
    const end = raw.indexOf('\r\n', at);
    if (end === -1) throw new Refusal('IncompleteBody', 'The body ends within its framing');
    const line = raw.toString('latin1', at, end);
    at = end + 2;
    return line;
  };
  for (;;) {
    const size = Number.parseInt(readLine(), 16);
    if (Number.isNaN(size)) throw new Refusal('InvalidRequest', 'The framing of the body is invalid');
    if (size === 0) break;
    if (at + size > raw.length) throw new Refusal('IncompleteBody', 'The body ends within a chunk');
    chunks.push(raw.subarray(at, at + size));
    at += size;
    readLine();
  }
  const trailers = new Map<string, string>();
  for (let line = readLine(); line !== ''; line = readLine()) {
    const colon = line.indexOf(':');
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { body: Buffer.concat(chunks), trailers };
}
