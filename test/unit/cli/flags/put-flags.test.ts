import { describe, expect, it } from 'vitest';
import { readObjectOptions } from '../../../../src/cli/flags/put-flags.ts';

describe('the flags for what is stored with an object', () => {
  it('reads the headers about the content', () => {
    const flags = {
      'content-encoding': 'gzip',
      'content-disposition': 'attachment; filename="a b.txt"',
      'content-language': 'en, de',
    };
    expect(readObjectOptions(flags)).toEqual({
      metadata: {},
      tags: {},
      contentEncoding: 'gzip',
      contentDisposition: 'attachment; filename="a b.txt"',
      contentLanguage: 'en, de',
    });
  });

  it.each([
    ['2030-01-01T00:00:00Z', Date.UTC(2030, 0, 1)],
    ['2030-01-01T02:00:00+02:00', Date.UTC(2030, 0, 1)],
    ['2030-01-01T00:00:00', Date.UTC(2030, 0, 1)],
    ['2030-01-01', Date.UTC(2030, 0, 1)],
    ['Tue, 01 Jan 2030 00:00:00 GMT', Date.UTC(2030, 0, 1)],
  ])('reads %s as a time of expiry', (expires, expiresMs) => {
    expect(readObjectOptions({ expires })).toMatchObject({ expiresMs });
  });

  it.each(['soon', '2030-02-30', '1893456000', 'Mon, 01 Jan 2030 00:00:00 GMT'])(
    'refuses %s as a time of expiry',
    (expires) => {
      expect(() => readObjectOptions({ expires })).toThrow('--expires');
    },
  );

  it.each(['content-encoding', 'content-disposition', 'content-language'])('refuses a line end in --%s', (name) => {
    expect(() => readObjectOptions({ [name]: 'a\r\nx: y' })).toThrow(`--${name}`);
  });
});
