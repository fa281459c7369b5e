import type { ChecksumChoice } from '../../s3/checksum/algorithms.ts';
import type { UploadResult } from '../../s3/upload/upload-request.ts';
import type { KeyPatterns } from '../../key-filter.ts';
import type { ObjectOptions } from './object-headers.ts';
import type { ManyResult } from '../run-many.ts';
import type { S3Location } from '../transfer-context.ts';

export { CHECKSUM_CHOICES } from '../../s3/checksum/algorithms.ts';

export interface PutRequest {
  /** At least one path or pattern, or `-` for standard input. */
  readonly sources: readonly string[];
  readonly destination: S3Location;
  /** Send directories with everything below them. */
  readonly isRecursive: boolean;
  readonly patterns: KeyPatterns;
  readonly object: ObjectOptions;
  /** Of the user's own key for encryption, which what is resumed must have too. @default null: no such key */
  readonly customerKeyHash?: string | null;
  readonly checksum: ChecksumChoice;
  readonly ifNoneMatch: boolean;
  /** Resume an interrupted upload, and keep its parts if interrupted again. */
  readonly isResuming: boolean;
  /** Bytes of one part; null to choose by the size. */
  readonly partSizeBytes: number | null;
  /** Requests in flight over all objects and parts; null for the default bounds. */
  readonly concurrency: number | null;
}

export type PutReport =
  | (UploadResult & { readonly kind: 'one'; readonly location: S3Location; readonly source: string })
  | { readonly kind: 'many'; readonly result: ManyResult };
