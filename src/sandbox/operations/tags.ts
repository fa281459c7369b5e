import { Refusal } from '../protocol/wire.ts';

/** S3's limits of tags: their number, and the characters of a key and a value (S3 User Guide, object tagging). */
const TAGS_MAX = 10;
const TAG_KEY_MAX = 128;
const TAG_VALUE_MAX = 256;

/**
 * The number of tags in `x-amz-tagging`, a query string. Only their number is kept: reading tags is not implemented.
 * @throws Refusal `InvalidTag`, `BadRequest`
 */
export function countTags(text: string): number {
  const tags = [...new URLSearchParams(text)];
  if (tags.length > TAGS_MAX) throw new Refusal('BadRequest', `Object tags cannot be greater than ${TAGS_MAX}`);
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw new Refusal('InvalidTag', 'Cannot provide multiple Tags with the same key');
  }
  for (const [key, value] of tags) {
    if (key === '' || key.length > TAG_KEY_MAX)
      throw new Refusal('InvalidTag', 'The TagKey you have provided is invalid');
    if (value.length > TAG_VALUE_MAX) throw new Refusal('InvalidTag', 'The TagValue you have provided is invalid');
  }
  return tags.length;
}
