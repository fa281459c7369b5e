import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../../../src/transfer/get/saved-download.ts';

const DOWNLOAD = {
  kind: 'download',
  partialPath: '/d/.f.x.breakwater-part',
  inode: '12',
  etag: '"e"',
  sizeBytes: 20,
  covered: [{ start: 0, end: 5 }],
} as const;
const RUN = { kind: 'run', tag: 'abc', directories: ['/d'] } as const;

describe('parseSaved', () => {
  it.each([[DOWNLOAD], [{ ...DOWNLOAD, covered: [] }], [RUN]])('reads %j back', (document) => {
    expect(parseSaved(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  it('reads no checksum: only S3 states what the bytes must be', () => {
    const promise = { algorithm: 'md5', expected: 'x', parts: null };
    expect(parseSaved({ ...DOWNLOAD, promise })).toEqual(DOWNLOAD);
  });

  it.each([
    ['nothing', undefined],
    ['text', 'download'],
    ['another kind', { ...DOWNLOAD, kind: 'upload' }],
    ['a size that is none', { ...DOWNLOAD, sizeBytes: -1 }],
    ['a span that is none', { ...DOWNLOAD, covered: [{ start: 5, end: 5 }] }],
    ['spans that are no list', { ...DOWNLOAD, covered: {} }],
    ['an inode as a number', { ...DOWNLOAD, inode: 12 }],
    // It would fit every temporary file.
    ['an empty tag', { ...RUN, tag: '' }],
    ['directories that are none', { ...RUN, directories: [1] }],
  ])('ignores %s', (_what, document) => {
    expect(parseSaved(document)).toBeNull();
  });
});
