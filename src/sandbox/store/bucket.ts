import { formatHttpTime } from '../../clock.ts';
import { CompletedUploads } from './completed-uploads.ts';
import { findIndex } from './key-order.ts';
import {
  NULL_VERSION,
  type DeleteMarker,
  type NewObject,
  type StoredObject,
  type StoredUpload,
  type StoredVersion,
  type Versioning,
} from './stored.ts';
import { Refusal } from '../protocol/wire.ts';

/** Ids start with an increasing number. Ids of any other form are refused. */
const VERSION_ID = /^(?:null|[0-9a-f]{32})$/;

interface NewBucket {
  readonly createdAtMs: number;
  readonly location: string;
  readonly newId: () => string;
}

/** One bucket, in memory: the versions of each key, with keys in order. */
export class Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  /** The region that its creation named; empty for us-east-1. */
  readonly location: string;
  readonly uploads = new Map<string, StoredUpload>();
  readonly completedUploads = new CompletedUploads();
  readonly #newId: () => string;
  /** Latest first; never empty. */
  readonly #versions = new Map<string, readonly StoredVersion[]>();
  readonly #versionedKeys: string[] = [];
  readonly #keys: string[] = [];
  #versioning: Versioning = 'unversioned';
  #idsGiven = 0;

  constructor(name: string, { createdAtMs, location, newId }: NewBucket) {
    this.name = name;
    this.location = location;
    this.createdAtMs = createdAtMs;
    this.#newId = newId;
  }

  get versioning(): Versioning {
    return this.#versioning;
  }

  /** A bucket that was once versioned never becomes unversioned again. */
  setVersioning(versioning: Exclude<Versioning, 'unversioned'>): void {
    this.#versioning = versioning;
  }

  /** The keys of all current objects in S3's order. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  /** All keys with any version, even only a delete marker, in S3's order. */
  get versionedKeys(): readonly string[] {
    return this.#versionedKeys;
  }

  /** The versions of a key, latest first. */
  versions(key: string): readonly StoredVersion[] {
    return this.#versions.get(key) ?? [];
  }

  /** The current object; undefined if there is none or it is deleted. */
  find(key: string): StoredObject | undefined {
    const latest = this.versions(key)[0];
    return latest?.kind === 'object' ? latest : undefined;
  }

  /**
   * Returns the current object or a version.
   * @throws Refusal `NoSuchKey`, `NoSuchVersion`, `InvalidArgument`; `MethodNotAllowed` for a delete marker's version
   */
  get(key: string, versionId: string | null = null): StoredObject {
    const version = versionId === null ? this.versions(key)[0] : this.findVersion(key, versionId);
    if (version?.kind === 'object') return version;
    if (version === undefined && versionId !== null) {
      throw new Refusal('NoSuchVersion', 'The specified version does not exist.');
    }
    const marked =
      version === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
    if (versionId === null) throw new Refusal('NoSuchKey', 'The specified key does not exist.', { headers: marked });
    const lastModified = version === undefined ? {} : { 'last-modified': formatHttpTime(version.lastModifiedMs) };
    throw new Refusal('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      headers: { ...marked, ...lastModified, allow: 'DELETE' },
    });
  }

  /** @throws Refusal `InvalidArgument` for an invalid version id */
  findVersion(key: string, versionId: string): StoredVersion | undefined {
    const isPossible = this.#versioning === 'unversioned' ? versionId === NULL_VERSION : VERSION_ID.test(versionId);
    if (!isPossible) throw new Refusal('InvalidArgument', 'Invalid version id specified');
    return this.versions(key).find((version) => version.versionId === versionId);
  }

  put(key: string, content: NewObject): StoredObject {
    const object: StoredObject = { ...content, kind: 'object', versionId: this.#newVersionId() };
    this.#add(key, object);
    return object;
  }

  /** Permanently deletes the current object in an unversioned bucket; otherwise adds a delete marker. */
  delete(key: string, nowMs: number): DeleteMarker | null {
    if (this.#versioning === 'unversioned') {
      this.#replace(key, []);
      return null;
    }
    const marker: DeleteMarker = { kind: 'delete_marker', versionId: this.#newVersionId(), lastModifiedMs: nowMs };
    this.#add(key, marker);
    return marker;
  }

  /** Permanently deletes one version. Deleting a missing version is not an error. @throws Refusal `InvalidArgument` */
  deleteVersion(key: string, versionId: string): StoredVersion | undefined {
    const deleted = this.findVersion(key, versionId);
    if (deleted !== undefined) {
      const rest = this.versions(key).filter((version) => version !== deleted);
      this.#replace(key, rest);
    }
    return deleted;
  }

  /** An id of 32 hex digits that sorts after all earlier ids of this bucket. */
  nextId(): string {
    this.#idsGiven += 1;
    return this.#idsGiven.toString(16).padStart(12, '0') + this.#newId().slice(12);
  }

  /** @throws Refusal `NoSuchUpload` */
  getUpload(id: string, key: string): StoredUpload {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) {
      throw new Refusal('NoSuchUpload', 'The specified multipart upload does not exist.');
    }
    return upload;
  }

  #newVersionId(): string {
    return this.#versioning === 'enabled' ? this.nextId() : NULL_VERSION;
  }

  /** A key has at most one null version. */
  #add(key: string, added: StoredVersion): void {
    const kept = this.versions(key).filter(({ versionId }) => versionId !== added.versionId);
    this.#replace(key, [added, ...kept]);
  }

  #replace(key: string, versions: readonly StoredVersion[]): void {
    setMember(this.#keys, key, { was: this.find(key) !== undefined, is: versions[0]?.kind === 'object' });
    setMember(this.#versionedKeys, key, { was: this.#versions.has(key), is: versions.length > 0 });
    if (versions.length > 0) this.#versions.set(key, versions);
    else this.#versions.delete(key);
  }
}

function setMember(keys: string[], key: string, { was, is }: { readonly was: boolean; readonly is: boolean }): void {
  if (is && !was) keys.splice(findIndex(keys, key), 0, key);
  if (was && !is) keys.splice(findIndex(keys, key), 1);
}
