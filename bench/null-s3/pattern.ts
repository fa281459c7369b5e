import { createCipheriv } from 'node:crypto';

const BLOCK_BYTES = 1024 * 1024;

/**
 * One MiB that every synthetic object repeats: byte N of an object is byte N modulo its length. It looks random, so that nothing on
 * the way can compress it, and is the same in every process, so that what arrived can be compared.
 */
export const NULL_BLOCK: Buffer = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(BLOCK_BYTES),
);

const TWICE = Buffer.concat([NULL_BLOCK, NULL_BLOCK]);
/** So many random bytes occur once in the block, for all practical purposes. */
const TELLING_BYTES = 32;

/** Some bytes of the pattern, by their place in it. */
export interface PatternRun {
  /** Where in the block the first byte is. */
  readonly phase: number;
  readonly sizeBytes: number;
}

/** The bytes of a run in pieces of a block at most, without copying. */
export function* patternBytes({ phase, sizeBytes }: PatternRun): Generator<Buffer> {
  for (let at = phase; at < phase + sizeBytes;) {
    const offset = at % BLOCK_BYTES;
    const piece = NULL_BLOCK.subarray(offset, Math.min(BLOCK_BYTES, offset + phase + sizeBytes - at));
    at += piece.length;
    yield piece;
  }
}

/** Whether the pattern goes on with these bytes at this place. */
export function isPattern(bytes: Buffer, place: number): boolean {
  for (let at = 0; at < bytes.length;) {
    const offset = (place + at) % BLOCK_BYTES;
    const taken = Math.min(BLOCK_BYTES, bytes.length - at);
    if (TWICE.compare(bytes, at, at + taken, offset, offset + taken) !== 0) return false;
    at += taken;
  }
  return true;
}

/** Where in the block a run begins that starts with these bytes; null where they are no part of the pattern. */
export function findPhase(bytes: Buffer): number | null {
  if (isPattern(bytes.subarray(0, TELLING_BYTES), 0)) return 0;
  const found = TWICE.indexOf(bytes.subarray(0, TELLING_BYTES));
  return found === -1 ? null : found;
}
