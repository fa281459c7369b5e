import type { Checksum } from '../protocol/wire.ts';

/** The id of a version that was written while its bucket kept none, or had ceased to. */
export const NULL_VERSION = 'null';

/** What a bucket does with the object that a write replaces. */
export type Versioning = 'unversioned' | 'enabled' | 'suspended';

/** An object as a write makes it, before it has a place among the versions of its key. */
export interface NewObject {
  readonly body: Buffer;
  /** With quotes, as in the header. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  /** What the writer said of it: content type, cache control, `x-amz-meta-*` ... by header name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Checksum | null;
  /** The parts that it was uploaded in, in order; empty for an object of one piece. */
  readonly parts: readonly ObjectPart[];
}

export interface ObjectPart {
  readonly sizeBytes: number;
  readonly checksum: Checksum | null;
}

export interface StoredObject extends NewObject {
  readonly kind: 'object';
  readonly versionId: string;
}

/** Stands where an object has been deleted whose versions are kept. */
export interface DeleteMarker {
  readonly kind: 'delete_marker';
  readonly versionId: string;
  readonly lastModifiedMs: number;
}

export type StoredVersion = StoredObject | DeleteMarker;

export interface StoredPart {
  readonly body: Buffer;
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly checksum: Checksum | null;
}

export interface StoredUpload {
  readonly id: string;
  readonly key: string;
  readonly startedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The checksum that was promised with its beginning; null for none. */
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'> | null;
  readonly parts: Map<number, StoredPart>;
}
