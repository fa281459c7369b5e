import { describe, expect, it } from 'vitest';
import { readDeleteAnswer } from '../../../../src/s3/delete/delete-answer.ts';

/** `a` the current object, `a@1` a version of it. */
function parse(text: string) {
  const [key = '', versionId = null] = text.split('@');
  return { key, versionId, etag: null };
}

/** `a` deleted, `a@1!Code` an error for a version. */
function toEntry(text: string) {
  const [name = '', code] = text.split('!');
  const { key, versionId } = parse(name);
  const fields = { Key: key, ...(versionId === null ? {} : { VersionId: versionId }) };
  return code === undefined ? { name: 'Deleted', fields } : { name: 'Error', fields: { ...fields, Code: code } };
}

const split = (text: string): string[] => text.split(' ').filter((word) => word !== '');

describe('readDeleteAnswer', () => {
  it.each([
    ['one statement for each key', 'a b', 'a b!AccessDenied', 'deleted AccessDenied'],
    ['versions by their ids', 'a@1 a@2', 'a@2 a@1!Whatever', 'Whatever deleted'],
    ['a current object that the store names with a version', 'a', 'a@null', 'deleted'],
    ['versions without ids, as many as were asked for', 'a@1 a@2 b@1', 'a a b', 'deleted deleted deleted'],
    ['empty ids like none', 'a@1', 'a@', 'deleted'],
    ['ids where there are some, and the rest without', 'a@1 a@2', 'a@1 a', 'deleted deleted'],
    ['fewer statements than versions', 'a@1 a@2', 'a', '? ?'],
    ['more statements than versions', 'a@1', 'a a', '?'],
    ['versions without ids, of which some failed', 'a@1 a@2', 'a a!AccessDenied', '?AccessDenied ?AccessDenied'],
    [
      'versions without ids that all failed alike',
      'a@1 a@2',
      'a!AccessDenied a!AccessDenied',
      'AccessDenied AccessDenied',
    ],
    ['a version that was not asked for', 'a@1', 'a@9', '?'],
    ['nothing', 'a b', '', '? ?'],
    ['errors only', 'a b', 'b!AccessDenied', '? AccessDenied'],
    ['two statements that contradict each other', 'a b', 'a a!AccessDenied b', '?AccessDenied deleted'],
    ['one statement twice', 'a b', 'a a b', 'deleted deleted'],
    // Encoded names may be the names of others that were asked for.
    ['a name that was not asked for, which casts doubt on all', 'a b%20 c', 'a b%2520 c!X', '? ? ?X'],
    ['an error without a name', 'a', '!InternalError', '?'],
    ['a missing key, which the store may have listed under another name', 'a', 'a!NoSuchKey', '?NoSuchKey'],
    ['a replaced key', 'a', 'a!PreconditionFailed', 'changed'],
  ])('reads %s', (_what, asked, entries, expected) => {
    const responses = readDeleteAnswer(split(asked).map(parse), split(entries).map(toEntry));
    const read = [...responses.values()].map((response) => {
      if (response.kind === 'failed') return response.code;
      if (response.kind !== 'unclear') return response.kind;
      return response.code === 'not_confirmed' ? '?' : `?${response.code}`;
    });
    expect(read.join(' ')).toBe(expected);
  });
});
