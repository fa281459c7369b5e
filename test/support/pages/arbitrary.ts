import fc from 'fast-check';
import { KEYED_LISTINGS, type ListingKind } from '../listings.ts';

/** Listings with keys. */
export type KeyedListing = Exclude<ListingKind, 'parts'>;

/** A page of a listing that was changed, and how. */
export interface MutatedPage {
  readonly kind: KeyedListing;
  readonly body: Buffer;
  readonly changes: readonly string[];
}

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
const TIME = '<LastModified>2024-02-03T04:05:06.789Z</LastModified>';
const OWNER = '<Owner><ID>o</ID><DisplayName>d</DisplayName></Owner>';

const object = (key: string, size = '3'): string =>
  `<Contents><Key>${key}</Key>${TIME}<ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>${OWNER}<Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
const version = (name: string, key: string, id: string): string =>
  `<${name}><Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>false</IsLatest>${TIME}${name === 'Version' ? '<ETag>"e"</ETag><Size>9</Size>' : ''}${OWNER}</${name}>`;
const upload = (key: string, id: string): string =>
  `<Upload><Key>${key}</Key><UploadId>${id}</UploadId>${OWNER.replaceAll('Owner', 'Initiator')}<Initiated>2024-02-03T04:05:06Z</Initiated></Upload>`;

/** As S3 and other stores write them: in one line, in many, encoded and plain. */
const PAGES: Readonly<Record<KeyedListing, readonly string[]>> = {
  objects: [
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult ${NAMESPACE}><Name>b</Name><Prefix/><KeyCount>3</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>a/+=</NextContinuationToken>${object('a%2Fb')}${object('c+d')}${object('%C3%BC', '0')}</ListBucketResult>`,
    `<?xml version='1.0'?>\r\n<ListBucketResult>\r\n  <Name>b</Name>\r\n  <IsTruncated>false</IsTruncated>\r\n  ${object('a&amp;b')}\r\n  ${object('x&#x1;y&#xFC;ü')}<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>\n</ListBucketResult>\n`,
    `<ListBucketResult ${NAMESPACE}><Name>b</Name><IsTruncated>false</IsTruncated></ListBucketResult>`,
  ],
  versions: [
    `<?xml version="1.0"?><ListVersionsResult ${NAMESPACE}><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextKeyMarker>c</NextKeyMarker><NextVersionIdMarker>v3</NextVersionIdMarker>${version('Version', 'a', 'v1')}${version('DeleteMarker', 'a', 'v2')}${version('Version', 'c', 'v3')}</ListVersionsResult>`,
    `<ListVersionsResult><Name>b</Name><IsTruncated>false</IsTruncated>${version('Version', 'a b', 'null')}${version('DeleteMarker', 'a&lt;c', 'v2')}</ListVersionsResult>`,
  ],
  uploads: [
    `<?xml version="1.0"?><ListMultipartUploadsResult ${NAMESPACE}><Bucket>b</Bucket><EncodingType>url</EncodingType><NextKeyMarker>c</NextKeyMarker><NextUploadIdMarker>u3</NextUploadIdMarker><IsTruncated>true</IsTruncated>${upload('a%20b', 'u1')}${upload('c', 'u3')}</ListMultipartUploadsResult>`,
    `<ListMultipartUploadsResult><Bucket>b</Bucket><IsTruncated>false</IsTruncated>${upload('a&gt;b', 'u1')}${upload('a&gt;b', 'u2')}</ListMultipartUploadsResult>`,
  ],
};

/** Texts that are put in, or in place of others. */
const PIECES = [
  ['&amp;', '&constructor;', '&nbsp;', '&', '&;', '&#0;', '&#65;', '&#x1F600;', '&#55357;&#56832;', '&#xD800;', '&#1;'],
  ['<![CDATA[<x>&amp;]]>', '<![CDATA[', ']]>', '<!-- c -->', '<!-- </Key> -->', '<!DOCTYPE R>', '<?p i?>', '\u{feff}'],
  ['<x/>', '<x>y</x>', '</x>', '<x', '<Key>k</Key>', '<Size>1</Size>', '<Contents/>', '<Version/>', '</Key><Key>'],
  ['<ETag/>', '<VersionId>w</VersionId>', '<IsTruncated>false</IsTruncated>', '<s3:Key>k</s3:Key>', '<key>k</key>'],
  [' ', '\n', '\r\n', '\r', '\t', '\u0001', '\u0000', '\u0085', '\u2028', '/', '..', '0', '-1', '1e3', 'True', ''],
  [
    ' a="b"',
    " a='b'",
    ' Key="k"',
    ' a',
    ' a="b" a="c"',
    ' xmlns="x"',
    ' a=">"',
    '<',
    '>',
    '"',
    '__proto__',
    '%zz',
    '%00',
  ],
].flat();
const BYTES = [0x00, 0x09, 0x0d, 0x20, 0x26, 0x2f, 0x3c, 0x3e, 0x7f, 0x80, 0xc0, 0xc3, 0xed, 0xef, 0xf4, 0xff];

/** One change of the tokens of a page: its tags and texts. */
type Change = (tokens: string[], at: number) => string;

const replaceWith =
  (piece: string): Change =>
  (tokens, at) => {
    tokens[at] = piece;
    return `${JSON.stringify(piece)} in place of token ${at}`;
  };

/** Within a token, so that it may split a tag. */
const insert =
  (piece: string, share: number): Change =>
  (tokens, at) => {
    const token = tokens[at] ?? '';
    const cut = Math.round(token.length * share);
    tokens[at] = `${token.slice(0, cut)}${piece}${token.slice(cut)}`;
    return `${JSON.stringify(piece)} at ${cut} of token ${at}`;
  };

const remove: Change = (tokens, at) => `without token ${at}: ${tokens.splice(at, 1).join('')}`;
const repeat: Change = (tokens, at) => {
  tokens.splice(at, 0, tokens[at] ?? '');
  return `token ${at} twice`;
};
const swap: Change = (tokens, at) => {
  const other = (at + 1) % tokens.length;
  [tokens[at], tokens[other]] = [tokens[other] ?? '', tokens[at] ?? ''];
  return `tokens ${at} and ${other} exchanged`;
};
const respell: Change = (tokens, at) => {
  const token = tokens[at] ?? '';
  tokens[at] = token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase();
  return `token ${at} in another case`;
};

const share = fc.constantFrom(0, 1, 0, 1, 0.5);
/** Between tags these change nothing. */
const HARMLESS = [
  '<!-- c -->',
  '<?p i?>',
  ' ',
  '\n',
  '\r\n',
  '<Tag>t</Tag>',
  '<Tag><Key>t</Key></Tag>',
  '&amp;',
  '<![CDATA[x]]>',
  'y',
];
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...PIECES), share).map(([piece, at]) => insert(piece, at)) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...HARMLESS), fc.constantFrom(0, 1)).map(([piece, at]) => insert(piece, at)),
  },
  { weight: 3, arbitrary: fc.constantFrom(...PIECES).map(replaceWith) },
  { weight: 3, arbitrary: fc.constantFrom(remove, repeat, swap, respell) },
);

interface ByteChange {
  readonly at: number;
  readonly byte: number | 'end';
}

const byteChange: fc.Arbitrary<ByteChange | null> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({ at: fc.nat(), byte: fc.constantFrom(...BYTES, 'end' as const) }),
  },
);

/** Pages with one to three changes of their tokens, and sometimes one of a byte. */
export const mutatedPage: fc.Arbitrary<MutatedPage> = fc
  .constantFrom(...KEYED_LISTINGS)
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      page: fc.constantFrom(...PAGES[kind]),
      changes: fc.oneof(
        { weight: 3, arbitrary: fc.array(fc.tuple(change, fc.nat()), { minLength: 1, maxLength: 1 }) },
        { weight: 1, arbitrary: fc.array(fc.tuple(change, fc.nat()), { minLength: 2, maxLength: 3 }) },
      ),
      byte: byteChange,
    }),
  )
  .map(({ kind, page, changes, byte }) => {
    const tokens = page.split(/(<[^>]*>)/).filter((token) => token !== '');
    const told = changes.map(([apply, at]) => apply(tokens, at % tokens.length));
    const body = Buffer.from(tokens.join(''));
    if (byte === null || body.length === 0) return { kind, body, changes: told };
    const at = byte.at % body.length;
    if (byte.byte === 'end') return { kind, body: body.subarray(0, at), changes: [...told, `cut at ${at}`] };
    body[at] = byte.byte;
    return { kind, body, changes: [...told, `byte ${byte.byte} at ${at}`] };
  });
