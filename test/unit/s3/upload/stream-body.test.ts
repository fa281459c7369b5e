import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamBody } from '../../../../src/s3/upload/stream-body.ts';

const PART = 8;
const BLOCK = 4;

async function* stream(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
}

const prepare = (source: AsyncIterable<Uint8Array>, signal = new AbortController().signal): StreamBody =>
  new StreamBody(source, { partSizeBytes: PART, blockBytes: BLOCK, signal });

async function readAll(body: StreamBody): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const block of body.read()) found.push(block.toString('latin1'));
  return found;
}

/** A part in memory of its own, as lib-storage puts it together. */
const createPart = (): Uint8Array => new Uint8Array(PART);

describe('StreamBody', () => {
  it.each([
    ['a stream of nothing', [], []],
    ['empty chunks', ['', '', 'a', ''], ['a']],
    ['less than a block', ['ab', 'c'], ['abc']],
    ['exactly one block', ['abcd'], ['abcd']],
    ['exactly two blocks', ['abcdefgh', ''], ['abcd', 'efgh']],
    ['a chunk of many blocks', ['abcdefghij'], ['abcd', 'efgh', 'ij']],
    ['chunks across the cuts', ['abc', 'def', 'ghi'], ['abcd', 'efgh', 'i']],
    ['the first byte after a part at once', ['abcdefgh', 'i', 'jk'], ['abcd', 'efgh', 'i', 'jk']],
  ])('yields %s in blocks', async (_what, chunks, expected) => {
    const body = prepare(stream(...chunks));
    expect(await readAll(body)).toEqual(expected);
    expect(body.readBytes).toBe(expected.join('').length);
  });

  it('yields every byte once, in order, whatever the chunks, while parts are created and sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 11 })), async (chunks) => {
        const body = prepare(stream(...chunks));
        let found = Buffer.alloc(0);
        const parts: Buffer<ArrayBuffer>[] = [];
        for await (const block of body.read()) {
          found = Buffer.concat([found, block]);
          while (found.length > PART * (parts.length + 1)) {
            const part = Buffer.from(
              new Uint8Array(found.subarray(PART * parts.length, PART * (parts.length + 1))).buffer,
            );
            parts.push(part);
            body.noteCreated(parts.length, part);
            body.noteSent(part);
          }
        }
        expect(found).toEqual(Buffer.concat(chunks));
      }),
    );
  });

  it('uses a block again once it is in a part, not before', async () => {
    const blocks = prepare(stream('abcdefghijklmnopqrstuvwx'));
    const reading = blocks.read();
    const read = async () => (await reading.next()).value?.buffer;
    const [first, second, third] = [await read(), await read(), await read()];
    expect(new Set([first, second, third]).size).toBe(3);
    blocks.noteCreated(1, createPart());
    // The next block was taken before the part was created.
    const later = [await read(), await read(), await read()];
    expect(later.slice(1)).toEqual([second, first]);
    expect(later).not.toContain(third);
  });

  it('does not use a block again that is itself the part', async () => {
    const blocks = prepare(stream('abcdefghijklmnop'));
    const reading = blocks.read();
    const [first] = [(await reading.next()).value, await reading.next()];
    if (first !== undefined) blocks.noteCreated(1, first);
    for await (const block of reading) expect(block.buffer).not.toBe(first?.buffer);
  });

  it('frees a part once it is sent and the next one is created', () => {
    const body = prepare(stream());
    const [first, second] = [createPart(), createPart()];
    body.noteCreated(1, first);
    body.noteSent(first);
    expect(first.byteLength).toBe(PART);
    body.noteCreated(2, second);
    expect([first.byteLength, second.byteLength]).toEqual([0, PART]);
  });

  it('keeps a part that is still being sent, and one that shares its memory', () => {
    const body = prepare(stream());
    const memory = new Uint8Array(2 * PART);
    const [first, second, third] = [memory.subarray(0, PART), memory.subarray(PART), createPart()];
    body.noteCreated(1, first);
    body.noteCreated(2, second);
    body.noteSent(second);
    body.noteCreated(3, third);
    expect(first.byteLength).toBe(PART);
    body.noteSent(first);
    expect([first.byteLength, third.byteLength]).toEqual([0, PART]);
  });

  it('keeps the newest part when an earlier one is created after it', () => {
    const body = prepare(stream());
    const [first, second] = [createPart(), createPart()];
    body.noteCreated(2, second);
    body.noteSent(second);
    body.noteCreated(1, first);
    expect(second.byteLength).toBe(PART);
    body.noteSent(first);
    expect([first.byteLength, second.byteLength]).toEqual([0, PART]);
  });

  it('does not wait for a silent stream when it is stopped', async () => {
    const stop = new AbortController();
    const silent = async function* silent(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('ab');
      await new Promise<never>(() => undefined);
    };
    const reading = readAll(prepare(silent(), stop.signal));
    const reason = new Error('stopped');
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it('throws what the stream throws', async () => {
    const reason = new Error('unreadable');
    const broken = async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('abcdef'));
      throw reason;
    };
    const reading = prepare(broken()).read();
    expect((await reading.next()).value?.toString()).toBe('abcd');
    await expect(reading.next()).rejects.toBe(reason);
  });

  it('closes the stream when it is closed', async () => {
    let isClosed = false;
    const closable = async function* closable(): AsyncGenerator<Uint8Array> {
      try {
        yield await Promise.resolve(Buffer.from('abcdefgh'));
      } finally {
        isClosed = true;
      }
    };
    const reading = prepare(closable()).read();
    await reading.next();
    await reading.return(undefined);
    await expect.poll(() => isClosed).toBe(true);
  });
});
