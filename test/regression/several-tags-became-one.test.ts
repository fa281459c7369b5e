/**
 * Met: `put --tags 'a=b&c=d'`, as `aws` takes it, stored one tag with the value `b&c=d`, or failed with S3's 400.
 * Cause: everything behind the first `=` was the value.
 * Fix: the lists of other tools are status 2, with how several tags are given. S3 allows neither character in a tag.
 */
import { expect, it } from 'vitest';
import { readObjectOptions } from '../../src/cli/flags/put-flags.ts';

it.each(['a=b&c=d', 'a=b&', 'a&b=c', 'a=b,c=d', 'Key=a,Value=b'])('refuses %s as one tag', (text) => {
  expect(() => readObjectOptions({ tags: [text] })).toThrow(
    expect.objectContaining({
      code: 'usage',
      details: expect.objectContaining({ hint: expect.stringContaining('repeat') }),
    }),
  );
});

it('takes what is one tag', () => {
  const tags = ['a=b', 'c=1+1=2', 'path=x/y:z@_-.', 'empty=', 'list=1,2'];
  expect(readObjectOptions({ tags }).tags).toEqual({ a: 'b', c: '1+1=2', path: 'x/y:z@_-.', empty: '', list: '1,2' });
});
