import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadMemory } from '../../../src/http/buffer-pool.ts';

const BLOCK_BYTES = 256 * 1024;

describe('the memory that connections read into', () => {
  it('is used again from its start once all that was cut from it has been released', () => {
    const memory = new ReadMemory();
    const lane = memory.openLane();
    const first = lane.next();
    const chunk = lane.cut(100);
    const second = lane.next();
    expect([first.byteOffset, second.byteOffset, second.buffer === first.buffer]).toEqual([0, 100, true]);
    memory.release([chunk]);
    expect(lane.next().byteOffset).toBe(0);
  });

  it('that is full goes to the next who needs some, when it has been released', () => {
    const memory = new ReadMemory();
    const lane = memory.openLane();
    const { buffer } = lane.next();
    const chunk = lane.cut(BLOCK_BYTES);
    expect(lane.next().buffer).not.toBe(buffer);
    memory.release([chunk]);
    expect(memory.openLane().next().buffer).toBe(buffer);
  });

  it('of a connection that is closed waits for what is still held', () => {
    const memory = new ReadMemory();
    const lane = memory.openLane();
    const { buffer } = lane.next();
    const chunk = lane.cut(10);
    lane.close();
    lane.close();
    expect(memory.openLane().next().buffer).not.toBe(buffer);
    memory.release([chunk]);
    expect(memory.openLane().next().buffer).toBe(buffer);
  });

  it('is not given back twice', () => {
    const memory = new ReadMemory();
    const lane = memory.openLane();
    lane.next();
    const chunk = lane.cut(10);
    lane.close();
    memory.release([chunk]);
    expect(() => memory.release([chunk])).toThrow('released twice');
  });

  it('leaves that of others alone', () => {
    const memory = new ReadMemory();
    const other = Buffer.from('other');
    memory.retain(other);
    memory.release([other, other]);
    expect(other.toString()).toBe('other');
  });

  it('never has two who hold the same bytes', () => {
    const step = fc.record({
      lane: fc.nat(3),
      bytes: fc.integer({ min: 1, max: BLOCK_BYTES }),
      releases: fc.nat(4),
      isClosed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new ReadMemory();
        const lanes = Array.from({ length: 4 }, () => memory.openLane());
        const held: { chunk: Buffer; mark: number }[] = [];
        let mark = 0;
        for (const { lane: number, bytes, releases, isClosed } of steps) {
          const lane = lanes[number]!;
          mark = (mark + 1) % 256;
          const target = lane.next();
          // As the system does: it writes where it was told to.
          const length = Math.min(bytes, target.length);
          target.fill(mark, 0, length);
          const chunk = lane.cut(length);
          const slice = chunk.subarray(Math.floor(length / 2));
          memory.retain(slice);
          memory.release([chunk]);
          held.push({ chunk: slice, mark });
          for (const { chunk: old } of held.splice(0, releases)) memory.release([old]);
          if (isClosed) lane.close();
          for (const { chunk: kept, mark: own } of held) expect(kept.every((byte) => byte === own)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
