import { xmlResponse, childText, readDocument, type Element, type Node } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import { matchesEtag } from './conditions.ts';
import type { Operate, OperationContext } from './operate.ts';
import type { StoredObject } from '../store/stored.ts';
import { Refusal } from '../protocol/wire.ts';

/** Maximum keys in one DeleteObjects. */
const BATCH_MAX = 1000;

/** Deletes up to 1000 keys. Each can fail individually, inside a 200. */
export const deleteObjects: Operate = ({ bucket: bucketName, body, headers }, context) => {
  const { buckets, quirks } = context;
  const bucket = buckets.get(bucketName);
  if (quirks.has('no-delete-objects')) throw new Refusal('NotImplemented', 'DeleteObjects is not implemented here');
  if (quirks.has('needs-content-md5') && !headers.has('content-md5')) {
    throw new Refusal('InvalidRequest', 'Missing required header for this request: Content-MD5');
  }
  if (!headers.has('content-md5') && ![...headers.keys()].some((name) => name.startsWith('x-amz-checksum-'))) {
    throw new Refusal('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  const document = readDocument(body.toString());
  const objects = document.children.filter(({ name }) => name === 'Object');
  if (document.name !== 'Delete' || objects.length === 0 || objects.length > BATCH_MAX) {
    throw new Refusal('MalformedXML', 'The XML you provided did not validate against our published schema');
  }
  if (quirks.has('refuses-delete-conditions') && objects.some((object) => childText(object, 'ETag') !== null)) {
    throw new Refusal('MalformedXML', 'The XML you provided did not validate against our published schema');
  }
  const isQuiet = childText(document, 'Quiet') === 'true';
  const results = objects.map((object) => deleteEntry(object, { bucket, ...context }));
  return xmlResponse(['DeleteResult', results.filter(([name]) => name === 'Error' || !isQuiet)]);
};

type EntryContext = OperationContext & { readonly bucket: Bucket };

function deleteEntry(object: Element, { bucket, nowMs, quirks, failEntry }: EntryContext): Node {
  const key = childText(object, 'Key') ?? '';
  const versionId = childText(object, 'VersionId');
  const named: readonly Node[] = [['Key', key], ...(versionId === null ? [] : [['VersionId', versionId] as const])];
  try {
    const code = failEntry(bucket.name, key);
    if (code !== null) throw new Refusal(code, `${code} for this key`);
    if (!quirks.has('ignores-delete-conditions')) checkEntry(object, bucket.find(key));
    const version = versionId === null ? bucket.delete(key, nowMs) : bucket.deleteVersion(key, versionId);
    if (version?.kind !== 'delete_marker') return ['Deleted', named];
    return ['Deleted', [...named, ['DeleteMarker', true], ['DeleteMarkerVersionId', version.versionId]]];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // S3 uses a different code here for an invalid id.
    const code = error.code === 'InvalidArgument' ? 'NoSuchVersion' : error.code;
    return ['Error', [...named, ['Code', code], ['Message', error.message]]];
  }
}

function checkEntry(object: Element, existing: StoredObject | undefined): void {
  const etag = childText(object, 'ETag');
  if (etag !== null && existing !== undefined && !matchesEtag(etag, existing.etag)) {
    throw new Refusal('PreconditionFailed', 'PreconditionFailed for this key');
  }
}
