import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readStandardInput } from '../../../../src/transfer/put/standard-input.ts';

const read = (chunks: readonly Buffer[], maxBytes = 1000): AsyncIterable<Uint8Array> =>
  readStandardInput(Readable.from(chunks), { signal: new AbortController().signal, maxBytes });

describe('readStandardInput', () => {
  it('frees each chunk as soon as the next one is asked for', async () => {
    const chunks = [Buffer.alloc(10, 'a'), Buffer.alloc(20, 'b')];
    const sizes: number[][] = [];
    for await (const _chunk of read(chunks)) sizes.push(chunks.map(({ byteLength }) => byteLength));
    expect(sizes).toEqual([
      [10, 20],
      [0, 20],
    ]);
    expect(chunks.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
  });

  it('leaves memory alone that a chunk shares with others', async () => {
    const pool = Buffer.alloc(20, 'p');
    let text = '';
    for await (const chunk of read([pool.subarray(0, 10), pool.subarray(10)])) text += Buffer.from(chunk).toString();
    expect([text, pool.toString()]).toEqual(['p'.repeat(20), 'p'.repeat(20)]);
  });

  it('reads no more than may be sent', async () => {
    const input = read([Buffer.alloc(10), Buffer.alloc(1)], 10)[Symbol.asyncIterator]();
    await input.next();
    await expect(input.next()).rejects.toMatchObject({ code: 'usage' });
  });
});
