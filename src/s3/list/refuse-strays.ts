import { BreakwaterError } from '../../errors.ts';
import type { ListRequest } from './read-pages.ts';

/**
 * Passes on the pages of a listing, and ends with an error at the first that has a key outside the prefix. Such a key
 * would be deleted by its age alone, or written under a name that is cut off; an upload that is passed over in silence
 * would stay for ever.
 * @param keysOf the keys of a page
 * @throws BreakwaterError `rejected`, reason `listing_not_below_prefix`
 */
export async function* refuseStrays<P>(
  { bucket, prefix }: Pick<ListRequest, 'bucket' | 'prefix'>,
  pages: AsyncIterable<P>,
  keysOf: (page: P) => readonly { readonly key: string }[],
): AsyncGenerator<P> {
  for await (const page of pages) {
    const stray = keysOf(page).find(({ key }) => !key.startsWith(prefix));
    if (stray !== undefined) throw strayKeyError({ bucket, prefix }, stray.key);
    yield page;
  }
}

function strayKeyError({ bucket, prefix }: { bucket: string; prefix: string }, key: string): BreakwaterError {
  const text = `the listing of s3://${bucket}/${prefix} has ${JSON.stringify(key)}, which is not below it`;
  return new BreakwaterError('rejected', text, {
    details: {
      reason: 'listing_not_below_prefix',
      hint: 'the run ends here, because this store does not list as S3 does',
    },
  });
}
