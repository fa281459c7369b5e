import { addAbortSignal, type Readable } from 'node:stream';
import { BreakwaterError } from '../../errors.ts';
import { readError } from '../local-errors.ts';

/** The name of standard input in messages and results. */
export const STANDARD_INPUT = 'standard input';

/**
 * Reads standard input once, to its end. A chunk is valid only until the next one is requested.
 * @throws BreakwaterError `usage` beyond `maxBytes`, `local_io`; the signal's reason when it aborts
 */
export async function* readStandardInput(
  stream: Readable,
  { signal, maxBytes }: { signal: AbortSignal; maxBytes: number },
): AsyncGenerator<Uint8Array> {
  let total = 0;
  try {
    // Without the signal, an interrupted command would wait for a silent stream.
    for await (const chunk of addAbortSignal(signal, stream)) {
      const bytes: Uint8Array = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      total += bytes.byteLength;
      if (total > maxBytes) {
        throw new BreakwaterError(
          'usage',
          `${STANDARD_INPUT} is longer than ${maxBytes} bytes, the limit for 10,000 parts of this size`,
          { details: { hint: 'choose larger parts with --part-size' } },
        );
      }
      yield bytes;
      freeMemory(bytes);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof BreakwaterError ? error : readError(STANDARD_INPUT, error);
  }
}

/**
 * Frees the memory of a chunk at once. The garbage collector counts chunks as small objects, so a hundred megabytes
 * pile up, and collecting them takes a good part of a large transfer's time. Frees only a chunk that fills its buffer,
 * because the rest of a shared buffer may be in use.
 */
function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
