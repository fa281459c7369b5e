import { TransferFault } from '../../retry/transfer-fault.ts';

/** The most bytes of a response that the SDK reads whole. S3's have some hundred; listings have a limit of their own. */
const COLLECTED_BYTES_MAX = 1024 * 1024;

/**
 * The SDK's `streamCollector`, with a bound: a store must not fill the memory.
 * @throws TransferFault `not_s3` as soon as the body is larger
 */
export async function collectBody(body: unknown): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop closes the body, and with it the connection. The type is that of every body of the SDK.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > COLLECTED_BYTES_MAX) {
      throw new TransferFault('not_s3', `the response is larger than ${COLLECTED_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
