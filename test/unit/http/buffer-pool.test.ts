import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../src/http/buffer-pool.ts';

const FIRST_BLOCK_BYTES = 32 * 1024;
const BLOCK_BYTES = 256 * 1024;

describe('BufferPool', () => {
  it('reuses a block from its start once all of its parts have been released', () => {
    const memory = new BufferPool();
    const reads = memory.openReads();
    const first = reads.next();
    const chunk = reads.cut(100);
    const second = reads.next();
    expect([first.byteOffset, second.byteOffset, second.buffer === first.buffer]).toEqual([0, 100, true]);
    memory.release([chunk]);
    expect(reads.next().byteOffset).toBe(0);
  });

  it('gives a full block to the next reader once it has been released', () => {
    const memory = new BufferPool();
    const reads = memory.openReads();
    const { buffer } = reads.next();
    const chunk = reads.cut(FIRST_BLOCK_BYTES);
    expect(reads.next().buffer).not.toBe(buffer);
    memory.release([chunk]);
    expect(memory.openReads().next().buffer).toBe(buffer);
  });

  it('gives a connection that has filled its block a larger one, also when nothing else holds the first', () => {
    const memory = new BufferPool();
    const reads = memory.openReads();
    expect(reads.next().length).toBe(FIRST_BLOCK_BYTES);
    const part = reads.cut(FIRST_BLOCK_BYTES - 1);
    memory.release([part]);
    expect(reads.next().length).toBe(FIRST_BLOCK_BYTES);
    const whole = reads.cut(FIRST_BLOCK_BYTES);
    memory.release([whole]);
    expect(reads.next().length).toBe(BLOCK_BYTES);
    expect(memory.openReads().next().length).toBe(FIRST_BLOCK_BYTES);
  });

  it('leaves a large block to others while the connection waits for its next response', () => {
    const memory = new BufferPool();
    const [reads, others] = [memory.openReads(), memory.openReads()];
    for (const each of [reads, others]) {
      each.next();
      memory.release([each.cut(FIRST_BLOCK_BYTES)]);
    }
    const { buffer } = reads.next();
    reads.rest();
    expect(reads.next().length).toBe(FIRST_BLOCK_BYTES);
    expect(others.next().buffer).toBe(buffer);
  });

  it('keeps the block of a closed connection until its parts are released', () => {
    const memory = new BufferPool();
    const reads = memory.openReads();
    const { buffer } = reads.next();
    const chunk = reads.cut(10);
    reads.close();
    reads.close();
    expect(memory.openReads().next().buffer).not.toBe(buffer);
    memory.release([chunk]);
    expect(memory.openReads().next().buffer).toBe(buffer);
  });

  it('rejects a second release of the same part', () => {
    const memory = new BufferPool();
    const reads = memory.openReads();
    reads.next();
    const chunk = reads.cut(10);
    reads.close();
    memory.release([chunk]);
    expect(() => memory.release([chunk])).toThrow('released twice');
  });

  it('ignores chunks of other memory', () => {
    const memory = new BufferPool();
    const other = Buffer.from('other');
    memory.retain(other);
    memory.release([other, other]);
    expect(other.toString()).toBe('other');
  });

  it('never gives the same bytes to two users', () => {
    const step = fc.record({
      reads: fc.nat(3),
      bytes: fc.integer({ min: 1, max: BLOCK_BYTES }),
      releases: fc.nat(4),
      isClosed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new BufferPool();
        const readers = Array.from({ length: 4 }, () => memory.openReads());
        const held: { chunk: Buffer; mark: number }[] = [];
        let mark = 0;
        for (const { reads: number, bytes, releases, isClosed } of steps) {
          const reads = readers[number]!;
          mark = (mark + 1) % 256;
          const target = reads.next();
          // As the system does: it writes where it was told to.
          const length = Math.min(bytes, target.length);
          target.fill(mark, 0, length);
          const chunk = reads.cut(length);
          const slice = chunk.subarray(Math.floor(length / 2));
          memory.retain(slice);
          memory.release([chunk]);
          held.push({ chunk: slice, mark });
          for (const { chunk: old } of held.splice(0, releases)) memory.release([old]);
          if (isClosed) reads.close();
          for (const { chunk: kept, mark: own } of held) expect(kept.every((byte) => byte === own)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
