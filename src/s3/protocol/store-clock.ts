import type {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { parseTime } from '../../clock.ts';
import { readFields } from '../../read-fields.ts';

type Command = ListObjectsV2Command | ListObjectVersionsCommand | ListMultipartUploadsCommand | HeadObjectCommand;

/** Reads the `Date` of the response, which the SDK does not return: in ms, or null. Call the returned function after the response. */
export function readStoreClock(command: Command): () => number | null {
  let storeNowMs: number | null = null;
  // The added step reads the HTTP response, which has the same type for every command.
  const stack = command.middlewareStack as ListObjectsV2Command['middlewareStack'];
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      const header = readFields(readFields(result.response)['headers'])['date'];
      storeNowMs = typeof header === 'string' ? parseTime(header) : null;
      return result;
    },
    { step: 'deserialize', name: 'readStoreClock', priority: 'low' },
  );
  return () => storeNowMs;
}
