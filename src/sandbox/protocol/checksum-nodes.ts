import type { Checksum, ChecksumAlgorithm } from './wire.ts';
import type { Node } from './xml.ts';

/** The element that holds a checksum, as in `ChecksumCRC32`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}

/** A checksum in a document; nothing for none. */
export function checksumNodes(checksum: Checksum | null): readonly Node[] {
  return checksum === null ? [] : [[checksumElement(checksum.algorithm), checksum.value]];
}
