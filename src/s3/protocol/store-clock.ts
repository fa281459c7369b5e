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
 * Reads the `Date` of the response, which the SDK does not return: in ms, or null. Call the returned function after the
 * response.
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

/** How far the store's clock may be from ours and still be believed, in ms: as far as S3 itself allows ours to be off. */
const BELIEVED_WITHIN_MS = 15 * 60_000;

/** Whether a `Date` can be the store's time: one response with a wrong one must not make what is new look old. */
export function isBelieved(storeNowMs: number, nowMs: number): boolean {
  return Math.abs(storeNowMs - nowMs) <= BELIEVED_WITHIN_MS;
}
