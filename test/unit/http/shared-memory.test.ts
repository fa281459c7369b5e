import { expect, it } from 'vitest';
import { SharedMemory } from '../../../src/http/shared-memory.ts';

it('gives every body bytes of its own', () => {
  const memory = new SharedMemory();
  const sizes = Array.from({ length: 300 }, (_, index) => (index * 97) % 20_000);
  const bodies = sizes.map((size, index) => memory.take(size).fill(index % 256));
  expect(bodies.map(({ length }) => length)).toEqual(sizes);
  for (const [index, body] of bodies.entries()) expect(body.every((byte) => byte === index % 256)).toBe(true);
});

it('gives a large body memory that it shares with none', () => {
  const memory = new SharedMemory();
  expect(memory.take(100_000).buffer.byteLength).toBe(100_000);
  expect(memory.take(1000).buffer).toBe(memory.take(1000).buffer);
});
