import { addAbortSignal, type Readable } from 'node:stream';
import { BreakwaterError } from '../../errors.ts';
import { freeChunks } from './free-memory.ts';
import { describeUnreadable } from '../local-errors.ts';

/** What standard input is called in messages and results. */
export const STANDARD_INPUT = 'standard input';

/**
 * Reads standard input once, to its end. Each chunk is gone as soon as the next one is asked for.
 * @throws BreakwaterError `usage` beyond `maxBytes`, `local_io`; the signal's reason when it aborts
 */
export async function* readStandardInput(
  stream: Readable,
  { signal, maxBytes }: { signal: AbortSignal; maxBytes: number },
): AsyncGenerator<Uint8Array> {
  let total = 0;
  try {
    // Without it a stream that says nothing would keep an interrupted command waiting.
    for await (const chunk of addAbortSignal(signal, stream)) {
      const bytes: Uint8Array = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      total += bytes.byteLength;
      if (total > maxBytes) {
        throw new BreakwaterError(
          'usage',
          `${STANDARD_INPUT} is longer than ${maxBytes} bytes, the most that 10,000 parts hold`,
          { details: { hint: 'choose larger parts with --part-size' } },
        );
      }
      yield bytes;
      freeChunks([bytes]);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof BreakwaterError ? error : describeUnreadable(STANDARD_INPUT, error);
  }
}
