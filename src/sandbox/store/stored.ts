import type { Checksum } from '../protocol/wire.ts';

/** The id of a version written while versioning was off or suspended. */
export const NULL_VERSION = 'null';

/** Whether a bucket keeps replaced objects. */
export type Versioning = 'unversioned' | 'enabled' | 'suspended';

/** An object as written, before it has a version id. */
export interface NewObject {
  readonly body: Buffer;
  /** With quotes, as in the header. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  /** Headers from the write: content type, cache control, `x-amz-meta-*` ... */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Checksum | null;
  /** The parts of a multipart upload, in order; empty otherwise. */
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

/** Marks an object as deleted in a versioned bucket. */
export interface DeleteMarker {
  readonly kind: 'delete_marker';
  readonly versionId: string;
  readonly lastModifiedMs: number;
}

export type StoredVersion = StoredObject | DeleteMarker;

export type StoredPart = Pick<NewObject, 'body' | 'etag' | 'lastModifiedMs' | 'checksum'>;

export interface StoredUpload {
  readonly id: string;
  readonly key: string;
  readonly startedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The checksum declared on creation; null if none. */
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'> | null;
  readonly parts: Map<number, StoredPart>;
}
