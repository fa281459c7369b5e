import type { IncomingMessage } from 'node:http';
import { Refusal } from './wire.ts';

/** Maximum body size, in bytes, because everything is kept in memory. */
const BODY_MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a whole body.
 * @param onBytes receives the size of each chunk that arrives
 * @throws Refusal `EntityTooLarge`; any error of the connection
 */
export async function readBody(
  request: IncomingMessage,
  onBytes: (count: number) => void = () => undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a body must be bytes');
    length += chunk.length;
    onBytes(chunk.length);
    if (length > BODY_MAX_BYTES) {
      throw new Refusal('EntityTooLarge', 'Your proposed upload exceeds the limit of the sandbox');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
