import { describe, expect, it } from 'vitest';
import { readAhead } from '../../../../src/transfer/get/page-ahead.ts';

/** Pages 1 to `last`; notes which were asked for. A page after `last` never comes, until the signal aborts. */
function openPages(last: number, { fails = false } = {}) {
  const asked: number[] = [];
  let reason: unknown = null;
  const open = async function* (signal: AbortSignal): AsyncGenerator<number> {
    for (let page = 1; page <= last; page += 1) {
      asked.push(page);
      yield await Promise.resolve(page);
    }
    if (fails) throw new Error('no page');
    asked.push(last + 1);
    await new Promise<void>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
        reject(new Error('stopped'));
      });
    });
  };
  return { open, asked, reason: () => reason };
}

describe('readAhead', () => {
  it('asks for one page more than it has given', async () => {
    const { open, asked } = openPages(3);
    const pages = readAhead(open);
    expect((await pages.next()).value).toBe(1);
    await Promise.resolve();
    expect(asked).toEqual([1, 2]);
    await pages.return(undefined);
  });

  it('ends the request of the page ahead when no more are needed', async () => {
    const { open, reason } = openPages(1);
    for await (const page of readAhead(open)) {
      expect(page).toBe(1);
      break;
    }
    expect(reason()).toMatchObject({ code: 'interrupted' });
  });

  it('fails at the page that fails, and gives those before it', async () => {
    const { open } = openPages(2, { fails: true });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const page of readAhead(open)) seen.push(page);
    };
    await expect(read()).rejects.toThrow('no page');
    expect(seen).toEqual([1, 2]);
  });
});
