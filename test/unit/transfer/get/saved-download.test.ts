import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../../../src/transfer/get/saved-download.ts';

const DOWNLOAD = {
  kind: 'download',
  partialPath: '/d/.f.x.breakwater-part',
  inode: '12',
  etag: '"e"',
  sizeBytes: 20,
  covered: [{ start: 0, end: 5 }],
  promise: { algorithm: 'md5', expected: 'x', parts: null },
} as const;
const RUN = { kind: 'run', tag: 'abc', directories: ['/d'] } as const;

describe('parseSaved', () => {
  const composite = { ...DOWNLOAD, promise: { algorithm: 'sha256', expected: 'x', parts: 3 } } as const;
  it.each([[DOWNLOAD], [{ ...DOWNLOAD, promise: null, covered: [] }], [composite], [RUN]])(
    'reads %j back',
    (document) => {
      expect(parseSaved(JSON.parse(JSON.stringify(document)))).toEqual(document);
    },
  );

  it.each([
    ['nothing', undefined],
    ['text', 'download'],
    ['another kind', { ...DOWNLOAD, kind: 'upload' }],
    ['a size that is none', { ...DOWNLOAD, sizeBytes: -1 }],
    ['a span that is none', { ...DOWNLOAD, covered: [{ start: 5, end: 5 }] }],
    ['spans that are no list', { ...DOWNLOAD, covered: {} }],
    ['a digest that we do not know', { ...DOWNLOAD, promise: { algorithm: 'crc8', expected: 'x', parts: null } }],
    ['parts that are no number', { ...DOWNLOAD, promise: { algorithm: 'md5', expected: 'x', parts: '3' } }],
    ['a digest that does not say of what', { ...DOWNLOAD, promise: { algorithm: 'md5', expected: 'x' } }],
    ['a promise left out', { ...DOWNLOAD, promise: undefined }],
    ['an inode as a number', { ...DOWNLOAD, inode: 12 }],
    // It would fit every temporary file.
    ['an empty tag', { ...RUN, tag: '' }],
    ['directories that are none', { ...RUN, directories: [1] }],
  ])('ignores %s', (_what, document) => {
    expect(parseSaved(document)).toBeNull();
  });
});
