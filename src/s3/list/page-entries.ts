import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type { DeleteObjectsCommand, ListObjectsV2Command, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { parseTime } from '../../clock.ts';
import { readFields } from '../../read-fields.ts';
import { takeXmlEntries, type XmlEntry } from './xml-entries.ts';

type Command = ListObjectsV2Command | ListObjectVersionsCommand | DeleteObjectsCommand;

/**
 * Reads the entries of the response, which the SDK then does not see; ask after the response has come.
 * @param names of their elements
 */
export function readEntries(command: Command, names: ReadonlySet<string>): () => readonly XmlEntry[] {
  let entries: readonly XmlEntry[] = [];
  // What is added reads the HTTP response, which is the same thing for every command.
  const stack = command.middlewareStack as ListObjectsV2Command['middlewareStack'];
  stack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      const { statusCode, body } = readFields(response);
      if (statusCode !== 200 || !(body instanceof Readable)) return result;
      const taken = takeXmlEntries(await buffer(body), names);
      entries = taken.entries;
      Object.assign(readFields(response), { body: taken.rest });
      return result;
    },
    // The innermost: what reads the body for errors in a 200 finds the rest of it.
    { step: 'deserialize', name: 'readEntries', priority: 'low' },
  );
  return () => entries;
}

/** With a zone: a local time would be another age on every machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339, section 5.6, as ms since the Unix epoch; null where it is none. */
export function readListedTime(text: string | undefined): number | null {
  return text !== undefined && TIME.test(text) ? parseTime(text) : null;
}

/** A size in bytes; null where it is none. */
export function readListedSize(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
