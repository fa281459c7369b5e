import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamParts } from '../../../../src/s3/upload/stream-parts.ts';

async function* stream(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
}

const cut = (body: AsyncIterable<Uint8Array>, signal = new AbortController().signal): StreamParts =>
  new StreamParts(body, { partSizeBytes: 4, signal });

async function readAll(parts: StreamParts): Promise<readonly string[]> {
  const found: string[] = [];
  for (let part = await parts.next(); part !== null; part = await parts.next()) {
    found.push(`${part.number}:${part.bytes.toString('latin1')}${part.isLast ? '.' : ''}`);
    parts.giveBack(part);
  }
  return found;
}

describe('StreamParts', () => {
  it.each([
    ['a stream of nothing', [], ['1:.']],
    ['empty chunks', ['', '', 'a', ''], ['1:a.']],
    ['less than a part', ['ab', 'c'], ['1:abc.']],
    ['exactly one part', ['abcd'], ['1:abcd.']],
    ['exactly two parts', ['abcdefgh', ''], ['1:abcd', '2:efgh.']],
    ['a chunk of many parts', ['abcdefghij'], ['1:abcd', '2:efgh', '3:ij.']],
    ['chunks across the cuts', ['abc', 'def', 'ghi'], ['1:abcd', '2:efgh', '3:i.']],
  ])('cuts %s', async (_what, chunks, expected) => {
    expect(await readAll(cut(stream(...chunks)))).toEqual(expected);
  });

  it('gives every byte once, in order, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 11 })), async (chunks) => {
        const found: Buffer[] = [];
        const parts = cut(stream(...chunks));
        for (let part = await parts.next(); part !== null; part = await parts.next()) {
          found.push(Buffer.from(part.bytes));
          parts.giveBack(part);
        }
        expect(Buffer.concat(found)).toEqual(Buffer.concat(chunks));
      }),
    );
  });

  it('serves those who ask at the same time one after the other', async () => {
    const parts = cut(stream('abc', 'def', 'ghi'));
    const found = await Promise.all([parts.next(), parts.next(), parts.next(), parts.next()]);
    expect(found.map((part) => part?.bytes.toString() ?? null)).toEqual(['abcd', 'efgh', 'i', null]);
  });

  it('uses the memory of a part again once it is given back, not before', async () => {
    const parts = cut(stream('abcdefghijklmnop'));
    const [first, second] = [await parts.next(), await parts.next()];
    expect(second?.bytes.buffer).not.toBe(first?.bytes.buffer);
    if (first !== null) parts.giveBack(first);
    const third = await parts.next();
    expect(third?.bytes.buffer).toBe(first?.bytes.buffer);
    expect([second, third].map((part) => part?.bytes.toString())).toEqual(['efgh', 'ijkl']);
  });

  it('does not wait for a silent stream when it is stopped', async () => {
    const stop = new AbortController();
    const silent = async function* silent(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('ab');
      await new Promise<never>(() => undefined);
    };
    const parts = cut(silent(), stop.signal);
    const reading = Promise.allSettled([parts.next(), parts.next()]);
    const reason = new Error('stopped');
    stop.abort(reason);
    expect(await reading).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
  });

  it('throws what the stream throws', async () => {
    const reason = new Error('unreadable');
    const broken = async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('abcdef'));
      throw reason;
    };
    const parts = cut(broken());
    expect((await parts.next())?.bytes.toString()).toBe('abcd');
    await expect(parts.next()).rejects.toBe(reason);
  });

  it('lets go of the stream when it is closed', async () => {
    let isClosed = false;
    const closable = async function* closable(): AsyncGenerator<Uint8Array> {
      try {
        yield await Promise.resolve(Buffer.from('abcdefgh'));
      } finally {
        isClosed = true;
      }
    };
    const parts = cut(closable());
    await parts.next();
    parts.close();
    await expect.poll(() => isClosed).toBe(true);
  });
});
