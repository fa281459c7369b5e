import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeXmlEntries } from '../../../../src/s3/list/xml-entries.ts';

const NAMES: ReadonlySet<string> = new Set(['Contents', 'Version']);

function take(document: string) {
  const { entries, rest } = takeXmlEntries(Buffer.from(document), NAMES);
  return { entries, rest: Buffer.from(rest).toString() };
}

const fieldsOf = (inner: string) => take(`<R><Contents>${inner}</Contents></R>`).entries[0]?.fields;

describe('takeXmlEntries', () => {
  it('takes entries in their order and leaves the document without them', () => {
    const document =
      '<?xml version="1.0"?>\n<R xmlns="http://x/"><Name>b</Name><Contents><Key>1</Key></Contents><Mid/>' +
      '<Version><Key>2</Key></Version><Contents><Key>3</Key></Contents><Tail>t</Tail></R>';
    expect(take(document)).toEqual({
      entries: [
        { name: 'Contents', fields: { Key: '1' } },
        { name: 'Version', fields: { Key: '2' } },
        { name: 'Contents', fields: { Key: '3' } },
      ],
      rest: '<?xml version="1.0"?>\n<R xmlns="http://x/"><Name>b</Name><Mid/><Tail>t</Tail></R>',
    });
  });

  it.each([
    ['an entry without fields', '', {}],
    ['an entry that closes itself', null, {}],
    ['an empty field', '<Key></Key><ETag/>', { Key: '', ETag: '' }],
    ['attributes and blanks in tags', '<Key a="b"\n>k</Key >', { Key: 'k' }],
    ['blanks between the fields', '\n <Key>k</Key>\n ', { Key: 'k' }],
    ['what lies deeper', '<Owner><ID>o</ID><Key>no</Key></Owner><Key>k</Key>', { Owner: '', Key: 'k' }],
    ['an entry of the name within a field', '<Owner><Contents/></Owner><Key>k</Key>', { Owner: '', Key: 'k' }],
    ['a comment with markup in it', '<Key>k<!-- </Key><Key> -->ey</Key>', { Key: 'key' }],
    ['unparsed text', '<Key>a<![CDATA[<&amp;>]]>b</Key>', { Key: 'a<&amp;>b' }],
    ['an instruction', '<Key>a<?b </Key>?>c</Key>', { Key: 'ac' }],
    ['entities', '<Key>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;</Key>', { Key: '<>&"\'AB😀' }],
    ['the halves of a pair', '<Key>&#55357;&#56832;</Key>', { Key: '😀' }],
    ['characters of several bytes', '<Key>ü\u{ffff}😀</Key>', { Key: 'ü\u{ffff}😀' }],
  ])('reads %s', (_what, inner, fields) => {
    expect(inner === null ? take('<R><Contents/></R>').entries[0]?.fields : fieldsOf(inner)).toEqual(fields);
  });

  it.each([
    ['the root itself', '<Contents><Key>k</Key></Contents>'],
    ['what lies deeper than below the root', '<R><List><Contents><Key>k</Key></Contents></List></R>'],
    ['what stands in a comment', '<R><!-- <Contents></Contents> --></R>'],
    ['what stands in unparsed text', '<R><Name><![CDATA[<Contents></Contents>]]></Name></R>'],
    ['a text without elements', 'please log in'],
    ['nothing', ''],
  ])('takes %s for no entry', (_what, document) => {
    expect(take(document)).toEqual({ entries: [], rest: document });
  });

  it.each([
    ['an element that is not closed', '<R><Contents><Key>k</Key></Contents>'],
    ['an end that is of another element', '<R><Contents><Key>k</ETag></Contents></R>'],
    ['an end too many', '<R></R></R>'],
    ['a cut tag', '<R><Contents><Key>k</Ke'],
    ['a cut comment', '<R><!-- </R>'],
    ['an entity without a meaning', '<R><Contents><Key>&nbsp;</Key></Contents></R>'],
    ['a character beyond Unicode', '<R><Contents><Key>&#x110000;</Key></Contents></R>'],
  ])('refuses %s as not from S3', (_what, document) => {
    expect(() => take(document)).toThrow(expect.objectContaining({ name: 'TransferFault', word: 'not_s3' }));
  });

  it('reads back every text that was written', () => {
    const escape = (text: string): string => text.replaceAll(/[<>&"'\r]/g, (char) => `&#${char.charCodeAt(0)};`);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (keys) => {
        const document = `<R>${keys.map((key) => `<Contents><Key>${escape(key)}</Key></Contents>`).join('')}</R>`;
        const { entries, rest } = take(document);
        expect(entries.map(({ fields }) => fields['Key'])).toEqual(keys);
        expect(rest).toBe('<R></R>');
      }),
    );
  });

  it('never takes the first half of a document for the whole', () => {
    const document = Buffer.from('<R><Contents><Key>k</Key></Contents><Contents><Key>l</Key></Contents></R>');
    for (let length = '<R'.length; length < document.length; length += 1) {
      expect(() => takeXmlEntries(document.subarray(0, length), NAMES)).toThrow('not well-formed XML');
    }
  });
});
