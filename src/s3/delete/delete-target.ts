import { bareEtag, strongEtag } from '../checksum/etag.ts';

/** One thing to delete. */
export interface DeleteTarget {
  readonly key: string;
  /** The version to delete permanently; null for the current object. */
  readonly versionId: string | null;
  /** The ETag that the object must still have, as listed; null if unknown. */
  readonly etag: string | null;
  /** When it was last modified, as listed, in ms. @default null: unknown */
  readonly lastModifiedMs?: number | null;
}

/** The id of the version that a bucket without versioning, or with suspended versioning, writes. */
const NULL_VERSION = 'null';

export function isNullVersion({ versionId }: Pick<DeleteTarget, 'versionId'>): boolean {
  return versionId === NULL_VERSION;
}

/** A version never changes, except `null`: the next write replaces it. So its delete needs a condition, too. */
export function isReplaceable(target: Pick<DeleteTarget, 'versionId'>): boolean {
  return target.versionId === null || isNullVersion(target);
}

/** The target to send for one item, with its condition if it has one. */
export function readTarget(target: DeleteTarget, isBare: boolean): DeleteTarget {
  const { key, versionId, etag } = target;
  return { key, versionId, etag: isBare || !isReplaceable(target) ? null : toCondition(etag) };
}

/** Identifies a key and its version in a response. */
export function identify({ key, versionId }: Pick<DeleteTarget, 'key' | 'versionId'>): string {
  return versionId === null ? key : `${key}\u0000${versionId}`;
}

/** Characters that XML 1.0 forbids (section 2.2) or that parsers change (section 2.11, line ends). */
// oxlint-disable-next-line no-control-regex -- it must match control characters
const NOT_FOR_XML = /[\u0000-\u001f\ufffe\uffff]/u;

/** Whether a key survives in an XML body; otherwise it is deleted with its own request. */
export function fitsXml({ key }: DeleteTarget): boolean {
  return !NOT_FOR_XML.test(key) && key.isWellFormed();
}

/** The form in which S3 writes an ETag. */
const USUAL = /^"[0-9a-f]{32}(?:-\d{1,5})?"$/;

/** The ETag as S3 writes it in a condition: in quotes, never weak. Null if unknown, or no ETag. */
function toCondition(etag: string | null): string | null {
  // A sweep deletes millions, and nearly all of them need no more.
  if (etag !== null && USUAL.test(etag)) return etag;
  return strongEtag(`"${bareEtag(etag ?? '')}"`);
}
