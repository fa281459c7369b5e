import { xmlResponse, childText, malformedDocument, readDocument, type Element, type Node } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import { matchesEtag } from './conditions.ts';
import type { Operate, OperationContext } from './operate.ts';
import type { StoredObject } from '../store/stored.ts';
import { Refusal } from '../protocol/wire.ts';

/** Maximum keys in one DeleteObjects. */
const BATCH_MAX = 1000;

const OBJECT_ELEMENTS: ReadonlySet<string> = new Set(['Key', 'VersionId', 'ETag']);
const DIRECTORY_CONDITIONS: ReadonlySet<string> = new Set(['LastModifiedTime', 'Size']);

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
  const objects = readObjects(document);
  if (quirks.has('refuses-delete-conditions') && objects.some((object) => childText(object, 'ETag') !== null)) {
    throw malformedDocument();
  }
  const isQuiet = childText(document, 'Quiet') === 'true';
  const results = objects.map((object) => deleteEntry(object, { bucket, ...context }));
  return xmlResponse(['DeleteResult', results.filter(([name]) => name === 'Error' || !isQuiet)]);
};

/** @throws Refusal `MalformedXML`; `NotImplemented` for conditions that S3 knows in directory buckets only */
function readObjects(document: Element): readonly Element[] {
  const objects = document.children.filter(({ name }) => name === 'Object');
  const isValid =
    document.name === 'Delete' &&
    document.children.every(({ name }) => name === 'Object' || name === 'Quiet') &&
    objects.length > 0 &&
    objects.length <= BATCH_MAX &&
    objects.every((object) => (childText(object, 'Key') ?? '') !== '');
  if (!isValid) throw malformedDocument();
  for (const { name } of objects.flatMap(({ children }) => children)) {
    if (DIRECTORY_CONDITIONS.has(name)) {
      throw new Refusal('NotImplemented', `The condition ${name} of a deletion is not implemented here`);
    }
    if (!OBJECT_ELEMENTS.has(name)) throw malformedDocument();
  }
  return objects;
}

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

/** A condition is about the current version, even if another one is to be deleted (S3 User Guide, conditional deletes). */
function checkEntry(object: Element, existing: StoredObject | undefined): void {
  const etag = childText(object, 'ETag');
  if (etag === null || (existing === undefined && etag !== '*')) return;
  if (existing === undefined || !matchesEtag(etag, existing.etag)) {
    throw new Refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  }
}
