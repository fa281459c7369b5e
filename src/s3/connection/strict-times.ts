import type { S3Client } from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';
import { parseHttpTime } from '../../wire-time.ts';

/**
 * Removes times that are not IMF-fixdate from a response. The SDK would correct its clock from a `Date` of "9999", read
 * February 30 as March, and throw on other texts, which would fail the request for a good object.
 */
export function dropBadTimes(response: unknown): void {
  const headers = readFields(readFields(response)['headers']);
  for (const name of ['date', 'last-modified']) {
    const text = headers[name];
    if (typeof text === 'string' && parseHttpTime(text) === null) Reflect.deleteProperty(headers, name);
  }
}

/** Does the same for the `Date` of a response of the direct path, where `readObjectResponse` reads the other time. */
export class DateCheck {
  /** Many responses of one second have the same. */
  #good: string | undefined;

  /** @param headers of a response; a bad date is removed */
  apply(headers: Record<string, string>): void {
    const { date } = headers;
    if (date === undefined || date === this.#good) return;
    if (parseHttpTime(date) === null) Reflect.deleteProperty(headers, 'date');
    else this.#good = date;
  }
}

/** Applies `dropBadTimes` to every command of a client. */
export function readTimesStrictly(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      dropBadTimes(result.response);
      return result;
    },
    // The innermost step, before anything reads the response.
    { step: 'deserialize', name: 'dropBadTimes', priority: 'low' },
  );
}
