import type { S3Client } from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';
import { parseHttpTime } from '../../wire-time.ts';

/**
 * Removes the times from a response that are not IMF-fixdate. The SDK corrects its clock by a `Date` of "9999", moves
 * February 30 to March, and throws at other texts, which would be an error about an object that is fine.
 */
export function dropBadTimes(response: unknown): void {
  const headers = readFields(readFields(response)['headers']);
  for (const name of ['date', 'last-modified']) {
    const text = headers[name];
    if (typeof text === 'string' && parseHttpTime(text) === null) Reflect.deleteProperty(headers, name);
  }
}

/** Does so for every command of a client. */
export function readTimesStrictly(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      dropBadTimes(result.response);
      return result;
    },
    // The innermost: before anything reads the response.
    { step: 'deserialize', name: 'dropBadTimes', priority: 'low' },
  );
}
