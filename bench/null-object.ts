import { createCipheriv } from 'node:crypto';

const BLOCK_BYTES = 1024 * 1024;

/**
 * One MiB that every synthetic object repeats: byte N of an object is byte N modulo its length. It looks random, so that nothing on
 * the way can compress it, and is the same in every process, so that what arrived can be compared.
 */
export const NULL_BLOCK: Buffer = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(BLOCK_BYTES),
);
