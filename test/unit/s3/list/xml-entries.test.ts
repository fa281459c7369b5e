import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readXmlPage } from '../../../../src/s3/list/xml-entries.ts';

const NAMES: ReadonlySet<string> = new Set(['Contents', 'Version']);

function take(document: string | Buffer) {
  const { root, entries, head } = readXmlPage(Buffer.from(document), NAMES);
  return { root, entries, head: Object.fromEntries(head) };
}

const fieldsOf = (inner: string) => take(`<R><Contents>${inner}</Contents></R>`).entries[0]?.fields;

describe('readXmlPage', () => {
  it('reads the entries in their order, and the elements beside them', () => {
    const document =
      '<?xml version="1.0"?>\n<R xmlns="http://x/"><Name>b</Name><Contents><Key>1</Key></Contents><Mid/>' +
      '<Version><Key>2</Key></Version><Contents><Key>3</Key></Contents><Tail>t</Tail></R>';
    expect(take(document)).toEqual({
      root: 'R',
      entries: [
        { name: 'Contents', fields: { Key: '1' } },
        { name: 'Version', fields: { Key: '2' } },
        { name: 'Contents', fields: { Key: '3' } },
      ],
      head: { name: ['b'], mid: [''], tail: ['t'] },
    });
  });

  it.each([
    ['an entry without fields', '', {}],
    ['an entry that closes itself', null, {}],
    ['an empty field', '<Key></Key><ETag/>', { Key: '', ETag: '' }],
    ['attributes and blanks in tags', '<Key \n>k</Key ><Owner a="b"\n c=\'\'/>', { Key: 'k', Owner: '' }],
    [
      'a field of many values',
      '<ChecksumAlgorithm>A</ChecksumAlgorithm><ChecksumAlgorithm/>',
      { ChecksumAlgorithm: '' },
    ],
    ['a control character that is a reference', '<Key>a&#1;b&#xd;</Key>', { Key: 'a\u0001b\r' }],
    ['lines that end as on Windows', '\r\n<Owner>\r\n<ID/>\r\n</Owner>\r\n<Key>k</Key>', { Owner: '', Key: 'k' }],
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
    ['a repeated element', '<A>1</A><a>2</a>', { a: ['1', '2'] }],
    ['a prefix', '<s3:Name>b</s3:Name>', { name: ['b'] }],
    ['an element with elements', '<A>\n<B>1</B>\n</A>', { a: [null] }],
    ['references and unparsed text', '<A>&lt;<![CDATA[&lt;]]></A>', { a: ['<&lt;'] }],
  ])('reads %s beside the entries', (_what, inner, head) => {
    expect(take(`<R>${inner}</R>`).head).toEqual(head);
  });

  it.each([
    ['the root itself', '<Contents><Key>k</Key></Contents>'],
    ['what lies deeper than below the root', '<R><List><Contents><Key>k</Key></Contents></List></R>'],
    ['what stands in a comment', '<R><!-- <Contents></Contents> --></R>'],
    ['what stands in unparsed text', '<R><Name><![CDATA[<Contents></Contents>]]></Name></R>'],
    ['nothing', ''],
  ])('takes %s for no entry', (_what, document) => {
    expect(take(document).entries).toEqual([]);
  });

  it.each([
    ['an element that is not closed', '<R><Contents><Key>k</Key></Contents>'],
    ['an end that is of another element', '<R><Contents><Key>k</ETag></Contents></R>'],
    ['an end too many', '<R></R></R>'],
    ['a cut tag', '<R><Contents><Key>k</Ke'],
    ['a cut comment', '<R><!-- </R>'],
    ['an entity without a meaning', '<R><Contents><Key>&nbsp;</Key></Contents></R>'],
    ['a character beyond Unicode', '<R><Contents><Key>&#x110000;</Key></Contents></R>'],
    ['a text without elements', 'please log in'],
    ['a text behind the root', '<R></R>text'],
    ['a second root', '<R></R><R><Contents><Key>k</Key></Contents></R>'],
    ['a document type', '<!DOCTYPE R [<!ENTITY a "b">]><R></R>'],
    ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><R></R>'],
    ['blanks that are none in XML', '<R>\u2028</R>'],
    ['an attribute twice', '<R a="1" a="2"></R>'],
    ['an attribute without quotes', '<R a=1></R>'],
    ['a tag without a name', '<R><></></R>'],
    ['entries with a prefix', '<R xmlns:s="x"><s:Contents><s:Key>k</s:Key></s:Contents></R>'],
    ['entries in another spelling', '<R><contents><Key>k</Key></contents></R>'],
    ['text between the fields', '<R><Contents>p/<Key>k</Key></Contents></R>'],
    ['text between the entries', '<R>p/<Contents><Key>k</Key></Contents></R>'],
    ['attributes of an entry', '<R><Contents Key="j"><Key>k</Key></Contents></R>'],
    ['elements without end', `<R>${'<a>'.repeat(1_000_000)}`],
    ['entries without end', `<R>${'<Contents/>'.repeat(10_001)}</R>`],
  ])('refuses %s as not from S3', (_what, document) => {
    expect(() => take(document)).toThrow(expect.objectContaining({ name: 'TransferFault', word: 'not_s3' }));
  });

  it.each([
    ['a reference that is a property of every object', 'a&constructor;'],
    ['another one', 'a&toString;'],
    ['a prototype', 'a&__proto__;'],
    ['a bare ampersand', 'a&b'],
    ['an ampersand and a blank', 'a& b;'],
    ['no character', 'a&#0;'],
    ['half of a pair', 'a&#xd83d;b'],
    ['the halves of a pair the wrong way round', '&#56832;&#55357;'],
    ['an element', 'q/b<x/>p/a'],
    ['another key', 'p/a</Key><Key>p/b'],
    ['an empty one before it', '</Key><Key>p/b'],
    ['a raw carriage return', 'a\rb'],
    ['a raw control character', 'a\u0001b'],
    ['a raw line end alone', ' \n '],
    ['a raw carriage return in unparsed text', '<![CDATA[a\rb]]>'],
  ])('refuses a key with %s', (_what, key) => {
    expect(() => fieldsOf(`<Key>${key}</Key>`)).toThrow(expect.objectContaining({ word: 'not_s3' }));
  });

  it.each([
    ['stray bytes', [0xff, 0xfe]],
    ['the first byte of a character', [0xc3]],
    ['a longer form of a slash', [0xc0, 0xaf]],
    ['half of a surrogate pair', [0xed, 0xa0, 0xbd]],
  ])('refuses %s in a key', (_what, bytes) => {
    const [start, end] = ['<R><Contents><Key>a', 'b</Key></Contents></R>'].map((text) => Buffer.from(text));
    const document = Buffer.concat([start ?? Buffer.alloc(0), Buffer.from(bytes), end ?? Buffer.alloc(0)]);
    expect(() => take(document)).toThrow('the response is not UTF-8');
  });

  it.each(['Key', 'VersionId', 'IsLatest', 'Size', 'ETag', 'LastModified', 'UploadId', 'Initiated', 'PartNumber'])(
    'refuses a second <%s>, an attribute or an element in it',
    (name) => {
      for (const inner of [
        `<${name}>1</${name}><${name}>1</${name}>`,
        `<${name} xmlns="x">1</${name}>`,
        `<${name}>1<b/></${name}>`,
        `<${name}/><${name}>1</${name}>`,
      ]) {
        expect(() => fieldsOf(inner)).toThrow('has more than one reading');
      }
    },
  );

  it('reads back every text that was written', () => {
    const escape = (text: string): string => text.replaceAll(/[<>&"'\r]/g, (char) => `&#${char.charCodeAt(0)};`);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (keys) => {
        const document = `<R>${keys.map((key) => `<Contents><Key>${escape(key)}</Key></Contents>`).join('')}</R>`;
        const { entries, head } = take(document);
        expect(entries.map(({ fields }) => fields['Key'])).toEqual(keys);
        expect(head).toEqual({});
      }),
    );
  });

  it('never takes the first half of a document for the whole', () => {
    const document = Buffer.from('<R><Contents><Key>k</Key></Contents><Contents><Key>l</Key></Contents></R>');
    for (let length = '<R'.length; length < document.length; length += 1) {
      expect(() => readXmlPage(document.subarray(0, length), NAMES)).toThrow('not well-formed XML');
    }
  });
});
