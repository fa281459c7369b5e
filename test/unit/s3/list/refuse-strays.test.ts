import { describe, expect, it } from 'vitest';
import { refuseStrays } from '../../../../src/s3/list/refuse-strays.ts';

type Page = readonly { readonly key: string }[];

/** Reads pages with these keys, listed with the prefix `p/`; which were passed on, and the error at the end. */
async function read(...pages: readonly (readonly string[])[]) {
  async function* list(): AsyncGenerator<Page> {
    for (const keys of pages) yield await Promise.resolve(keys.map((key) => ({ key })));
  }
  const passed: Page[] = [];
  const reading = async () => {
    const below = refuseStrays({ bucket: 'b', prefix: 'p/' }, list(), (page) => page);
    for await (const page of below) passed.push(page);
  };
  const error = await reading().catch((thrown: unknown) => thrown);
  return { passed: passed.map((page) => page.map(({ key }) => key)), error };
}

describe('refuseStrays', () => {
  it('passes on pages whose keys start with the prefix', async () => {
    expect(await read(['p/', 'p/a'], [], ['p/b'])).toEqual({ passed: [['p/', 'p/a'], [], ['p/b']], error: undefined });
  });

  it.each(['q', 'p', 'P/a', '', '/p/a'])('refuses a page with the key %j, whole', async (stray) => {
    const { passed, error } = await read(['p/a'], ['p/b', stray], ['p/c']);
    expect(passed).toEqual([['p/a']]);
    expect(error).toMatchObject({ code: 'rejected', details: { reason: 'listing_not_below_prefix' } });
    expect((error as Error).message).toContain(JSON.stringify(stray));
  });
});
