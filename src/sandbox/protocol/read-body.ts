import type { IncomingMessage } from 'node:http';
import { Refusal } from './wire.ts';

/** The largest body, in bytes: everything is in memory. */
const BODY_MAX_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a whole body.
 * @param onBytes gets the number of bytes of each chunk that arrives
 * @throws Refusal `EntityTooLarge`; whatever the connection throws
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
