import type { ExpectedChecksum } from '../expected-checksum.ts';

/** What a thread digests: the checksum's kind, and the parts as in `CompositeDigest`. */
export interface DigestPlan {
  readonly expected: Pick<ExpectedChecksum, 'algorithm' | 'parts'>;
  readonly partSizes: readonly number[];
  /** The open file that has the bytes, which all threads of a process share. */
  readonly descriptor: number;
}

export type OpenRequest = DigestPlan & { readonly kind: 'open'; readonly id: number };

/** To a thread. */
export type ThreadRequest =
  | OpenRequest
  /** Everything before `end` is in the file. */
  | { readonly kind: 'written'; readonly id: number; readonly end: number }
  /** The file has all bytes. */
  | { readonly kind: 'finish'; readonly id: number; readonly sizeBytes: number }
  | { readonly kind: 'drop'; readonly id: number };

/** From a thread. */
export type ThreadResponse =
  /** The checksum in the form of `ExpectedChecksum.value`. */
  | { readonly kind: 'value'; readonly id: number; readonly value: string }
  | { readonly kind: 'failed'; readonly id: number };
