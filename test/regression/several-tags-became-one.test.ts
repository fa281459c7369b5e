/**
 * Met: `put --tags 'a=b&c=d'`, as `aws` takes it, stored one tag with the value `b&c=d`, or failed with S3's 400.
 * Cause: everything behind the first `=` was the value.
 * Fix: the lists of other tools are status 2, with how several tags are given. S3 allows neither character in a tag.
 *   `--metadata a=b,c=d` is a legal value, so it is a warning.
 */
import { expect, it } from 'vitest';
import { readObjectOptions, warnOfJoinedMetadata } from '../../src/cli/flags/put-flags.ts';
import type { Event } from '../../src/events.ts';

it.each(['a=b&c=d', 'a=b&', 'a&b=c', 'a=b,c=d', 'Key=a,Value=b'])('refuses %s as one tag', (text) => {
  expect(() => readObjectOptions({ tags: [text] })).toThrow(
    expect.objectContaining({
      code: 'usage',
      details: expect.objectContaining({ hint: expect.stringContaining('repeat') }),
    }),
  );
});

it.each([
  ['a=b,c=d', true],
  ['Team=x,cost-center=7', true],
  ['a=b', false],
  ['a=b, c=d', false],
  ['a=b,c', false],
  ['cache=max-age=1,x=y', false],
])('warns of the metadata %s: %s', (text, isWarned) => {
  const warnings: Event[] = [];
  warnOfJoinedMetadata({ metadata: [text] }, (event) => warnings.push(event));
  const message = `--metadata "${text}" is one name with one value; for several, repeat the flag`;
  expect(warnings).toEqual(isWarned ? [{ kind: 'warning', reason: 'metadata_list', message }] : []);
});

it('takes what is one tag', () => {
  const tags = ['a=b', 'c=1+1=2', 'path=x/y:z@_-.', 'empty=', 'list=1,2'];
  expect(readObjectOptions({ tags }).tags).toEqual({ a: 'b', c: '1+1=2', path: 'x/y:z@_-.', empty: '', list: '1,2' });
});
