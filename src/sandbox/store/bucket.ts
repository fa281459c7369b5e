import { formatHttpTime } from '../../clock.ts';
import { findPlace } from './key-order.ts';
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

/** The shape of the ids that are given here, a rising number in front; another is refused before it is looked for. */
const VERSION_ID = /^(?:null|[0-9a-f]{32})$/;

/** One bucket, in memory: the versions of each key, keys in order. */
export class Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  readonly uploads = new Map<string, StoredUpload>();
  readonly #newId: () => string;
  /** The latest first; never empty. */
  readonly #versions = new Map<string, readonly StoredVersion[]>();
  readonly #versionedKeys: string[] = [];
  readonly #keys: string[] = [];
  #versioning: Versioning = 'unversioned';
  #idsGiven = 0;

  constructor(name: string, { createdAtMs, newId }: { readonly createdAtMs: number; readonly newId: () => string }) {
    this.name = name;
    this.createdAtMs = createdAtMs;
    this.#newId = newId;
  }

  get versioning(): Versioning {
    return this.#versioning;
  }

  /** A bucket that has kept versions once never becomes unversioned again. */
  setVersioning(versioning: Exclude<Versioning, 'unversioned'>): void {
    this.#versioning = versioning;
  }

  /** The keys of all current objects in S3's order. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  /** All keys that have a version, be it a delete marker only, in S3's order. */
  get versionedKeys(): readonly string[] {
    return this.#versionedKeys;
  }

  /** The versions of a key, the latest first. */
  versions(key: string): readonly StoredVersion[] {
    return this.#versions.get(key) ?? [];
  }

  /** The current object; undefined where there is none or it has been deleted. */
  find(key: string): StoredObject | undefined {
    const latest = this.versions(key)[0];
    return latest?.kind === 'object' ? latest : undefined;
  }

  /**
   * Reads the current object, or a version of it.
   * @throws Refusal `NoSuchKey`, `NoSuchVersion`, `InvalidArgument`; `MethodNotAllowed` for the version of a delete marker
   */
  get(key: string, versionId: string | null = null): StoredObject {
    const version = versionId === null ? this.versions(key)[0] : this.findVersion(key, versionId);
    if (version?.kind === 'object') return version;
    if (version === undefined && versionId !== null) {
      throw new Refusal('NoSuchVersion', 'The specified version does not exist.');
    }
    const marked =
      version === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
    if (versionId === null) throw new Refusal('NoSuchKey', 'The specified key does not exist.', marked);
    const lastModified = version === undefined ? {} : { 'last-modified': formatHttpTime(version.lastModifiedMs) };
    throw new Refusal('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      ...marked,
      ...lastModified,
      allow: 'DELETE',
    });
  }

  /** @throws Refusal `InvalidArgument` for what cannot be the id of a version here */
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

  /** Deletes the current object for good where no versions are kept; puts a delete marker over it otherwise. */
  delete(key: string, nowMs: number): DeleteMarker | null {
    if (this.#versioning === 'unversioned') {
      this.#replace(key, []);
      return null;
    }
    const marker: DeleteMarker = { kind: 'delete_marker', versionId: this.#newVersionId(), lastModifiedMs: nowMs };
    this.#add(key, marker);
    return marker;
  }

  /** Deletes one version for good; that there was none is no error. @throws Refusal `InvalidArgument` */
  deleteVersion(key: string, versionId: string): StoredVersion | undefined {
    const deleted = this.findVersion(key, versionId);
    if (deleted !== undefined) {
      const rest = this.versions(key).filter((version) => version !== deleted);
      this.#replace(key, rest);
    }
    return deleted;
  }

  /** An id of 32 hexadecimal digits that sorts behind all that this bucket has given before. */
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

  /** There is one null version of a key at most. */
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
  if (is && !was) keys.splice(findPlace(keys, key), 0, key);
  if (was && !is) keys.splice(findPlace(keys, key), 1);
}
