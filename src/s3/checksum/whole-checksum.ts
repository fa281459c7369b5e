import type { ChecksumChoice } from './algorithms.ts';
import { combineCrcs } from './combine-crcs.ts';
import { digestOnce } from './digest.ts';
import { readDigest } from './digest-text.ts';

type SentChecksum = Exclude<ChecksumChoice, 'none'>;

/** A part as it was sent. */
export interface SummedPart {
  readonly sizeBytes: number;
  /** The checksum of its bytes, computed here, in base64; null if it was not. */
  readonly computed: string | null;
}

/** The checksum that a store states for an object in parts. */
export interface StatedWhole {
  /** In base64; a composite one may end with the number of parts (`...-3`). */
  readonly text: unknown;
  /** `FULL_OBJECT` or `COMPOSITE`; anything else says nothing. */
  readonly type: unknown;
}

/**
 * Whether a stated checksum contradicts the parts that were sent. Without a type or a number of parts it may be of the
 * bytes or of the parts' checksums. What cannot be computed from the parts contradicts nothing.
 */
export async function contradictsParts(
  algorithm: SentChecksum,
  { text, type }: StatedWhole,
  parts: readonly SummedPart[],
): Promise<boolean> {
  const [, value, count] = /^([^-]+)(?:-(\d{1,5}))?$/.exec(typeof text === 'string' ? text : '') ?? [];
  const stated = readDigest(algorithm, value);
  const summed = parts.flatMap(({ computed, sizeBytes }) =>
    computed === null ? [] : [{ checksum: computed, sizeBytes }],
  );
  if (stated === null || summed.length < parts.length) return false;
  if (count !== undefined && Number(count) !== parts.length) return true;
  const isFull = count === undefined && type === 'FULL_OBJECT';
  // S3 has SHA-256 of objects in parts only as a composite (User Guide, "Checking object integrity").
  if (algorithm === 'sha256') return !isFull && stated !== (await composeChecksums(algorithm, summed));
  const mayBeFull = count === undefined && type !== 'COMPOSITE';
  if (mayBeFull && stated === combineCrcs(algorithm, summed)) return false;
  return isFull || stated !== (await composeChecksums(algorithm, summed));
}

/** The checksum of the parts' binary checksums, in base64. */
async function composeChecksums(
  algorithm: SentChecksum,
  parts: readonly { readonly checksum: string }[],
): Promise<string> {
  const binary = Buffer.concat(parts.map(({ checksum }) => Buffer.from(checksum, 'base64')));
  return Buffer.from(await digestOnce(algorithm, binary)).toString('base64');
}
