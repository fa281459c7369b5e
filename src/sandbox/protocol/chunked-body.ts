import { createHash } from 'node:crypto';
import type { ChunkSigner } from './signature.ts';
import { Refusal } from './wire.ts';

const CHUNK_HEAD = /^([0-9a-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/i;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

export interface ChunkedBody {
  readonly body: Buffer;
  /** Names in lower case; without the signature. */
  readonly trailers: ReadonlyMap<string, string>;
}

/**
 * Decodes `aws-chunked` framing: chunks, each preceded by its size in hex, up to a chunk of size 0; then trailers.
 * @param signer checks the signatures of chunks and trailers; null where they have none
 * @throws Refusal
 */
export function readChunkedBody(raw: Buffer, signer: ChunkSigner | null): ChunkedBody {
  const chunks: Buffer[] = [];
  const lines = new Lines(raw);
  for (;;) {
    const [, sizeText, signature] = CHUNK_HEAD.exec(lines.readLine()) ?? [];
    if (sizeText === undefined) throw new Refusal('InvalidRequest', 'The framing of the body is invalid');
    const chunk = lines.readBytes(Number.parseInt(sizeText, 16));
    if (signer !== null) signer.checkChunk(sha256(chunk), signature ?? '');
    if (chunk.length === 0) break;
    chunks.push(chunk);
    if (lines.readLine() !== '') throw new Refusal('InvalidRequest', 'The framing of the body is invalid');
  }
  const trailers = readTrailers(lines);
  const signature = trailers.get(TRAILER_SIGNATURE);
  trailers.delete(TRAILER_SIGNATURE);
  if (signer !== null && (trailers.size > 0 || signature !== undefined)) {
    const signed = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    signer.checkTrailers(sha256(Buffer.from(signed)), signature ?? '');
  }
  return { body: Buffer.concat(chunks), trailers };
}

function readTrailers(lines: Lines): Map<string, string> {
  const trailers = new Map<string, string>();
  for (let line = lines.readLine(); line !== ''; line = lines.readLine()) {
    const colon = line.indexOf(':');
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return trailers;
}

/** A body that is read in lines and in bytes. */
class Lines {
  readonly #raw: Buffer;
  #at = 0;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  /** @throws Refusal `IncompleteBody` */
  readLine(): string {
    const end = this.#raw.indexOf('\r\n', this.#at);
    if (end === -1) throw new Refusal('IncompleteBody', 'The body ends within its framing');
    const line = this.#raw.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  /** @throws Refusal `IncompleteBody` */
  readBytes(count: number): Buffer {
    if (this.#at + count > this.#raw.length) throw new Refusal('IncompleteBody', 'The body ends within a chunk');
    this.#at += count;
    return this.#raw.subarray(this.#at - count, this.#at);
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
