import { describe, expect, it } from 'vitest';
import { RESUME_BYTES_MIN, ResumableUploads, type UploadIdentity } from '../../../../src/transfer/put/resume-upload.ts';
import { createMemoryUnfinishedWork } from '../../../support/memory-unfinished-work.ts';

const IDENTITY = { sizeBytes: RESUME_BYTES_MIN, mtimeNs: '1700000000000000001', inode: '7' };
const ENTRY: UploadIdentity = {
  location: { bucket: 'b', key: 'k' },
  source: 'file',
  identity: IDENTITY,
  options: { partSizeBytes: 8, headers: { ContentType: 'text/plain' } },
};

function prepare() {
  const unfinished = createMemoryUnfinishedWork();
  const open = async (entry: Partial<UploadIdentity> = {}, ledger: { isResuming?: boolean; circuit?: string } = {}) =>
    await new ResumableUploads({ unfinished, circuit: 's3-upload@a', isResuming: true, ...ledger }).open({
      ...ENTRY,
      ...entry,
    });
  const begin = async (entry: Partial<UploadIdentity> = {}): Promise<void> => {
    await using memory = await open(entry);
    await memory.save('u1');
  };
  return { unfinished, open, begin };
}

describe('the ledger of uploads', () => {
  it('hands an upload that was begun to the next process with the same file and options', async () => {
    const { open, begin } = prepare();
    await begin();
    await using memory = await open();
    expect(memory).toMatchObject({ resumableId: 'u1', stale: [], isResumable: true });
  });

  it.each([
    ['another size', { identity: { ...IDENTITY, sizeBytes: RESUME_BYTES_MIN + 1 } }, {}],
    ['another time', { identity: { ...IDENTITY, mtimeNs: '1700000000000000002' } }, {}],
    ['another inode', { identity: { ...IDENTITY, inode: '8' } }, {}],
    ['other options', { options: { partSizeBytes: 9 } }, {}],
    ['no wish to resume', {}, { isResuming: false }],
  ])('hands it over to be removed where there is %s', async (_what, entry, ledger) => {
    const { open, begin } = prepare();
    await begin();
    await using memory = await open(entry, ledger);
    expect(memory).toMatchObject({ resumableId: null, stale: [{ uploadId: 'u1' }] });
  });

  it.each([
    ['another key', { location: { bucket: 'b', key: 'other' } }, {}],
    ['another source', { source: 'other' }, {}],
    ['another store', {}, { circuit: 's3-upload@b' }],
  ])('knows nothing of it for %s', async (_what, entry, ledger) => {
    const { open, begin } = prepare();
    await begin();
    await using memory = await open(entry, ledger);
    expect(memory).toMatchObject({ resumableId: null, stale: [] });
  });

  it('forgets it when it is done', async () => {
    const { open, begin, unfinished } = prepare();
    await begin();
    await using memory = await open();
    await memory.forget();
    expect(unfinished.documents.size).toBe(0);
  });

  it('leaves it alone while another process is at it', async () => {
    const { open, begin, unfinished } = prepare();
    await begin();
    await using first = await open();
    await using second = await open();
    expect(first.resumableId).toBe('u1');
    expect(second).toMatchObject({ resumableId: null, stale: [], isResumable: false });
    await second.save('u2');
    await second.forget();
    expect([...unfinished.documents.values()]).toMatchObject([{ upload_id: 'u1' }]);
  });

  it('finds the upload of a killed run that had no claim', async () => {
    const { open } = prepare();
    await using first = await open();
    await (await open()).save('of the second');
    await first.save('of the first');
    await first.forget();
    await first[Symbol.asyncDispose]();
    // The second is still alive.
    await using third = await open();
    expect(third).toMatchObject({ resumableId: null, stale: [] });
  });

  it('keeps no parts of what is too small, and none of a stream', async () => {
    const { open, begin } = prepare();
    await using small = await open({ identity: { ...IDENTITY, sizeBytes: RESUME_BYTES_MIN - 1 } });
    expect(small.isResumable).toBe(false);
    const stream = { source: '-', identity: null };
    await begin(stream);
    await using memory = await open(stream);
    expect(memory).toMatchObject({ resumableId: null, stale: [{ uploadId: 'u1' }], isResumable: false });
  });

  it.each([[undefined], [null], ['text'], [{ upload_id: 7, sameness: 'x' }], [{ upload_id: 'u' }]])(
    'takes %j for nothing',
    async (document) => {
      const { open, begin, unfinished } = prepare();
      await begin();
      const [id] = unfinished.documents.keys();
      unfinished.documents.set(id!, document);
      await using memory = await open();
      expect(memory).toMatchObject({ resumableId: null, stale: [] });
    },
  );
});
