import type {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';
import { parseHttpTime } from '../../wire-time.ts';

type Command = ListObjectsV2Command | ListObjectVersionsCommand | ListMultipartUploadsCommand | HeadObjectCommand;

/**
 * Captures the `Date` of the response, which the SDK does not return. Call the result after the response: it returns
 * the time in ms, or null.
 */
export function readStoreClock(command: Command): () => number | null {
  let storeNowMs: number | null = null;
  // The added step reads the HTTP response, which has the same type for every command.
  const stack = command.middlewareStack as ListObjectsV2Command['middlewareStack'];
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      const header = readFields(readFields(result.response)['headers'])['date'];
      storeNowMs = typeof header === 'string' ? parseHttpTime(header) : null;
      return result;
    },
    { step: 'deserialize', name: 'readStoreClock', priority: 'low' },
  );
  return () => storeNowMs;
}

/** The most that the store's clock may differ from ours, in ms: as much as S3 itself allows. */
const BELIEVED_WITHIN_MS = 15 * 60_000;

/** Whether a `Date` is plausible. One response with a wrong date must not make new objects look old. */
export function isBelieved(storeNowMs: number, nowMs: number): boolean {
  return Math.abs(storeNowMs - nowMs) <= BELIEVED_WITHIN_MS;
}
