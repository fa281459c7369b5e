import { answerXml } from './answer-xml.ts';
import type { Bucket } from './buckets.ts';
import { matchesEtag } from './conditions.ts';
import type { Operate } from './operate.ts';
import { Refusal } from './wire.ts';
import { childText, readDocument, type Element, type Node } from './xml.ts';

/** Keys in one DeleteObjects. */
const BATCH_MAX = 1000;

/** Deletes up to 1000 keys; each may fail alone, inside a 200. */
export const deleteObjects: Operate = ({ bucket: bucketName, body, headers }, { buckets, failEntry }) => {
  const bucket = buckets.get(bucketName);
  if (!headers.has('content-md5') && ![...headers.keys()].some((name) => name.startsWith('x-amz-checksum-'))) {
    throw new Refusal('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const document = readDocument(body.toString());
  const objects = document.children.filter(({ name }) => name === 'Object');
  if (document.name !== 'Delete' || objects.length === 0 || objects.length > BATCH_MAX) {
    throw new Refusal('MalformedXML', 'The XML you provided did not validate against our published schema');
  }
  const isQuiet = childText(document, 'Quiet') === 'true';
  const results = objects.map((object) => deleteEntry(bucket, object, failEntry));
  return answerXml(['DeleteResult', results.filter(([name]) => name === 'Error' || !isQuiet)]);
};

function deleteEntry(bucket: Bucket, object: Element, failEntry: (bucket: string, key: string) => string | null): Node {
  const key = childText(object, 'Key') ?? '';
  const etag = childText(object, 'ETag');
  const existing = bucket.find(key);
  const isChanged = etag !== null && existing !== undefined && !matchesEtag(etag, existing.etag);
  const code = failEntry(bucket.name, key) ?? (isChanged ? 'PreconditionFailed' : null);
  if (code !== null)
    return [
      'Error',
      [
        ['Key', key],
        ['Code', code],
        ['Message', `${code} for this key`],
      ],
    ];
  bucket.delete(key);
  return ['Deleted', [['Key', key]]];
}
