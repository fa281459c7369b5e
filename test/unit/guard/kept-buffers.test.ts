import { describe, expect, it } from 'vitest';
import { KeptBuffers } from '../../../src/guard/kept-buffers.ts';

const KIB = 1024;

describe('KeptBuffers', () => {
  it.each([
    [0, 4 * KIB],
    [4 * KIB, 4 * KIB],
    [4 * KIB + 1, 5 * KIB],
    [7 * KIB + 1, 8 * KIB],
    [256 * KIB + 1, 320 * KIB],
    [8 * 1024 * KIB, 8 * 1024 * KIB],
  ])('has for %d bytes a buffer of %d', (bytes, size) => {
    expect(new KeptBuffers(() => Infinity).take(bytes)).toHaveLength(size);
  });

  it('gives out a buffer again once it has been given back', () => {
    const buffers = new KeptBuffers(() => Infinity);
    const first = buffers.take(100);
    expect(buffers.take(100)).not.toBe(first);
    buffers.give(first);
    expect(buffers.take(90)).toBe(first);
    expect(buffers.take(90)).not.toBe(first);
  });

  it('keeps no more than there is room for', () => {
    const buffers = new KeptBuffers(() => 1024 * KIB);
    const taken = Array.from({ length: 10 }, () => buffers.take(256 * KIB));
    for (const buffer of taken) buffers.give(buffer);
    const again = Array.from({ length: 10 }, () => buffers.take(256 * KIB));
    expect(again.filter((buffer) => taken.includes(buffer))).toHaveLength(4);
  });

  it('drops what it keeps of other sizes when new memory is needed and the room has shrunk', () => {
    let room = 1024 * KIB;
    const buffers = new KeptBuffers(() => room);
    const [large, small] = [buffers.take(512 * KIB), buffers.take(256 * KIB)];
    for (const buffer of [large, small]) buffers.give(buffer);
    room = 300 * KIB;
    buffers.take(8 * KIB);
    expect(buffers.take(256 * KIB)).toBe(small);
    expect(buffers.take(512 * KIB)).not.toBe(large);
  });
});
