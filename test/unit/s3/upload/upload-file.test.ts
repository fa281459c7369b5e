import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Slots } from '../../../../src/guard/slots.ts';
import { uploadFile } from '../../../../src/s3/upload/upload-file.ts';
import { NO_UPLOAD_MEMORY, type FileUpload, type UploadMemory } from '../../../../src/s3/upload/upload-request.ts';
import { BreakwaterError } from '../../../../src/errors.ts';
import { computeChecksum } from '../../../../src/sandbox/protocol/checksum.ts';
import { CIRCUIT, FakeCircuits } from '../../../support/fake-circuits.ts';
import { createFakeGuard } from '../../../support/fake-guard.ts';
import {
  createFakeS3,
  errorAnswer,
  networkFault,
  runWithS3,
  type FakeAnswer,
  type FakeRequest,
} from '../../../support/fake-s3.ts';

const PART = 1000;
const md5 = (bytes: Buffer | string) => createHash('md5').update(bytes).digest('hex');

type Override = (request: FakeRequest, operation: string, count: number) => FakeAnswer | Error | undefined;

/** A store with one upload, that can be told to answer otherwise. */
function createStage(
  body: Buffer,
  {
    override = () => undefined,
    ...rest
  }: Partial<FileUpload> & { override?: Override; hasChecksums?: boolean; endpoint?: string } = {},
) {
  const { hasChecksums = true, endpoint = 'http://fake', ...upload } = rest;
  const parts = new Map<number, Buffer>();
  const operations: string[] = [];
  const counts = new Map<string, number>();
  const nameOf = ({ method, query }: FakeRequest): string => {
    const { partNumber } = query;
    if (method === 'PUT') return typeof partNumber === 'string' ? `part ${partNumber}` : 'put';
    if (method === 'POST') return query['uploads'] === undefined ? 'complete' : 'create';
    return { GET: 'list', DELETE: 'abort', HEAD: 'head' }[method] ?? method;
  };
  const fake = createFakeS3((request) => {
    const operation = nameOf(request);
    operations.push(operation);
    const count = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, count);
    const other = override(request, operation, count);
    if (other instanceof Error) throw other;
    if (other !== undefined) return other;
    const sum = request.headers['x-amz-checksum-crc32'];
    const headers = {
      etag: `"${md5(request.body)}"`,
      ...(hasChecksums && sum !== undefined ? { 'x-amz-checksum-crc32': sum } : {}),
    };
    if (operation.startsWith('part')) parts.set(Number(request.query['partNumber']), request.body);
    if (operation === 'put' || operation.startsWith('part')) return { headers };
    if (operation === 'create') {
      const told = { 'x-amz-checksum-type': 'FULL_OBJECT', 'x-amz-checksum-algorithm': 'CRC32' };
      return {
        headers: hasChecksums ? told : {},
        body: '<InitiateMultipartUploadResult><UploadId>new</UploadId></InitiateMultipartUploadResult>',
      };
    }
    if (operation === 'complete')
      return { body: '<CompleteMultipartUploadResult><Key>k</Key><ETag>"e-3"</ETag></CompleteMultipartUploadResult>' };
    if (operation === 'list') return { body: listing(parts) };
    return { status: 204 };
  }, endpoint);
  const guard = createFakeGuard();
  const process = new FakeCircuits(guard.clock).startProcess();
  const memory = createMemory(upload.memory);
  const request: FileUpload = {
    bucket: 'b',
    key: 'k',
    circuit: CIRCUIT,
    headers: {},
    checksum: 'crc32',
    ifNoneMatch: false,
    partSizeBytes: PART,
    sizeBytes: body.length,
    lane: new Slots().openLane(),
    signal: new AbortController().signal,
    source: {
      readAt: async (buffer, offset) => {
        body.copy(buffer, 0, offset, offset + buffer.byteLength);
        await Promise.resolve();
      },
      confirm: () => undefined,
    },
    ...upload,
    memory: memory.memory,
  };
  const run = async () =>
    await runWithS3(guard.clock, uploadFile(fake.s3, { ...guard.guard, gate: process.gate }, request));
  return { ...fake, ...guard, process, run, parts, operations, saved: memory.saved, s3: fake.s3 };
}

function listing(parts: ReadonlyMap<number, Buffer>): string {
  const entries = [...parts].map(
    ([number, bytes]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>"${md5(bytes)}"</ETag><Size>${bytes.length}</Size></Part>`,
  );
  return `<ListPartsResult><UploadId>old</UploadId><IsTruncated>false</IsTruncated>${entries.join('')}</ListPartsResult>`;
}

function createMemory(given: Partial<UploadMemory> = {}) {
  const saved: (string | null)[] = [];
  const memory: UploadMemory = {
    ...NO_UPLOAD_MEMORY,
    ...given,
    save: async (id) => {
      saved.push(id);
      await Promise.resolve();
    },
    forget: async () => {
      saved.push(null);
      await Promise.resolve();
    },
  };
  return { memory, saved };
}

const body = Buffer.from(Array.from({ length: 2 * PART + 500 }, (_, index) => index % 251));
const resumable: UploadMemory = { ...NO_UPLOAD_MEMORY, isResumable: true };

describe('a file that fits into one part', () => {
  it('is one request with its CRC-32, tried again with the same bytes', async () => {
    const small = body.subarray(0, PART);
    const stage = createStage(small, {
      override: (_request, _operation, count) => (count === 1 ? networkFault('ECONNRESET') : undefined),
    });
    const result = await stage.run();
    expect(result).toMatchObject({ bytes: PART, etag: `"${md5(small)}"`, checksum: 'crc32', resumedBytes: 0 });
    expect(stage.operations).toEqual(['put', 'put']);
    expect(stage.requests.map((request) => request.body.equals(small))).toEqual([true, true]);
    expect(stage.requests[1]?.headers['x-amz-checksum-crc32']).toBe(computeChecksum('crc32', small));
  });

  it('tries again when S3 has begun to answer and then could not store it', async () => {
    const late = errorAnswer(200, 'InternalError');
    const stage = createStage(Buffer.from('x'), {
      override: (_request, _operation, count) => (count === 1 ? { ...late, headers: { etag: '"early"' } } : undefined),
    });
    expect(await stage.run()).toMatchObject({ etag: expect.not.stringContaining('early') });
    expect(stage.operations).toEqual(['put', 'put']);
  });

  it('tells of no checksum that the store has not confirmed', async () => {
    expect(await createStage(Buffer.alloc(0), { hasChecksums: false }).run()).toMatchObject({ checksum: null });
  });

  it('is not sent when it has changed', async () => {
    const stage = createStage(Buffer.from('x'), {
      source: {
        readAt: async () => await Promise.resolve(),
        confirm: () => {
          throw new BreakwaterError('source_changed', 'it changed');
        },
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'source_changed' });
    expect(stage.operations).toEqual([]);
  });

  it.each([
    ['https://fake', 'UNSIGNED-PAYLOAD'],
    ['http://fake', createHash('sha256').update('x').digest('hex')],
  ])('has at %s a body whose signature says %s', async (endpoint, expected) => {
    const stage = createStage(Buffer.from('x'), { endpoint });
    await stage.run();
    expect(stage.requests[0]?.headers['x-amz-content-sha256']).toBe(expected);
  });

  it('under --if-none-match is ours when an answer was lost, and a stranger is `exists`', async () => {
    const answers =
      (head: string): Override =>
      (_request, operation, count) => {
        if (operation === 'head') return { headers: { etag: `"${head}"` } };
        return count === 1 ? networkFault('ECONNRESET') : errorAnswer(412, 'PreconditionFailed');
      };
    const ours = createStage(Buffer.from('x'), { ifNoneMatch: true, override: answers(md5('x')) });
    expect(await ours.run()).toMatchObject({ etag: `"${md5('x')}"` });
    const other = createStage(Buffer.from('x'), { ifNoneMatch: true, override: answers(md5('y')) });
    await expect(other.run()).rejects.toMatchObject({ code: 'exists' });
  });
});

describe('a file of several parts', () => {
  it('is created, sent, and completed with the checksum of the whole', async () => {
    const stage = createStage(body);
    const result = await stage.run();
    expect(result).toMatchObject({ bytes: body.length, etag: '"e-3"', checksum: 'crc32' });
    expect(Buffer.concat([1, 2, 3].map((number) => stage.parts.get(number)!)).equals(body)).toBe(true);
    const complete = stage.requests.at(-1)!;
    expect(complete.headers).toMatchObject({
      'x-amz-checksum-crc32': computeChecksum('crc32', body),
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-mp-object-size': String(body.length),
    });
    expect(stage.saved).toEqual(['new', null]);
  });

  it('promises nothing about the whole to a store that knows no such checksum', async () => {
    const stage = createStage(body, { hasChecksums: false });
    expect(await stage.run()).toMatchObject({ checksum: null });
    const complete = stage.requests.at(-1)!;
    expect(Object.keys(complete.headers).filter((name) => name.startsWith('x-amz-checksum'))).toEqual([]);
    expect(complete.body.toString()).not.toContain('Checksum');
  });

  it('is there when the answer to its completion was lost', async () => {
    const composed = `"${createHash('md5')
      .update(
        Buffer.concat(
          [0, 1, 2].map((index) =>
            createHash('md5')
              .update(body.subarray(index * PART, (index + 1) * PART))
              .digest(),
          ),
        ),
      )
      .digest('hex')}-3"`;
    const stage = createStage(body, {
      override: (_request, operation, count) => {
        if (operation === 'head') return { headers: { etag: composed } };
        if (operation !== 'complete') return undefined;
        return count === 1 ? networkFault('ECONNRESET') : errorAnswer(404, 'NoSuchUpload');
      },
    });
    expect(await stage.run()).toMatchObject({ etag: composed });
  });

  it('sends its other parts no further, and is aborted, when one fails for good', async () => {
    const large = Buffer.alloc(100 * PART);
    const stage = createStage(large, {
      override: (_request, operation) => (operation === 'part 2' ? errorAnswer(403, 'AccessDenied') : undefined),
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'access_denied' });
    expect(stage.operations.length).toBeLessThan(30);
    expect(stage.operations.at(-1)).toBe('abort');
    expect(stage.saved).toEqual(['new', null]);
  });

  it('stays remembered when it cannot be aborted, with a warning', async () => {
    const stage = createStage(body, {
      override: (_request, operation) =>
        operation === 'part 2' || operation === 'abort' ? errorAnswer(403, 'AccessDenied') : undefined,
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'access_denied' });
    expect(stage.saved).toEqual(['new']);
    expect(stage.events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'upload_not_aborted' }));
  });

  it.each(['source_changed', 'rejected'] as const)(
    'is aborted after %s also where it could be resumed',
    async (code) => {
      const stage = createStage(body, {
        memory: resumable,
        source: {
          readAt: async () => await Promise.resolve(),
          confirm: () => {
            throw new BreakwaterError(code, code);
          },
        },
      });
      await expect(stage.run()).rejects.toMatchObject({ code });
      expect(stage.operations.at(-1)).toBe('abort');
    },
  );

  it('keeps its parts where it can be resumed, and says how', async () => {
    const stage = createStage(body, {
      memory: resumable,
      override: (_request, operation) => (operation === 'part 3' ? errorAnswer(500, 'InternalError') : undefined),
    });
    await expect(stage.run()).rejects.toMatchObject({
      code: 'unavailable',
      details: { hint: '80 % of it is stored: run the same command again to go on from there', attempts: 4 },
    });
    expect(stage.operations).not.toContain('abort');
    expect(stage.saved).toEqual(['new']);
  });

  it('ends when the run that it belongs to does', async () => {
    const run = new AbortController();
    const stage = createStage(body, {
      signal: run.signal,
      override: (_request, operation) => {
        if (operation === 'part 1') run.abort(new BreakwaterError('circuit_open', 'it is open'));
        return undefined;
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'circuit_open' });
    expect(stage.operations).not.toContain('complete');
  });
});

describe('--if-none-match of a file of several parts', () => {
  it.each([
    [404, ['head', 'create', 'part 1', 'part 2', 'part 3', 'complete']],
    [403, ['head', 'create', 'part 1', 'part 2', 'part 3', 'complete']],
    [200, ['head']],
  ])('looks first; after a %d it asks for %j', async (status, expected) => {
    const stage = createStage(body, {
      ifNoneMatch: true,
      override: (_request, operation) => (operation === 'head' ? { status } : undefined),
    });
    const outcome = await stage.run().then(
      () => 'stored',
      (error: unknown) => error,
    );
    expect(stage.operations).toEqual(expected);
    if (status === 200) expect(outcome).toMatchObject({ code: 'exists' });
    else expect(stage.requests.at(-1)?.headers['if-none-match']).toBe('*');
  });
});

describe('a conflict under --if-none-match', () => {
  const conflict = errorAnswer(409, 'ConditionalRequestConflict');
  const isConflict = ({ kind }: { kind: string }): boolean => kind === 'retry_scheduled';

  it.each([
    ['a file of one part', Buffer.from('x'), 'put'],
    ['a file of several parts', body, 'complete'],
  ])('of %s is sent again until the other is done', async (_what, bytes, operation) => {
    const stage = createStage(bytes, {
      ifNoneMatch: true,
      override: (_request, name, count) => {
        if (name === 'head') return { status: 404 };
        return name === operation && count <= 2 ? conflict : undefined;
      },
    });
    expect(await stage.run()).toMatchObject({ bytes: bytes.length, checksum: 'crc32' });
    expect(stage.operations.filter((name) => name === operation)).toHaveLength(3);
    expect(stage.events.filter(isConflict)).toMatchObject([
      { retry: 1, retries: 3, delayMs: 1000, failure: { code: 'ConditionalRequestConflict' } },
      { retry: 2, retries: 3, delayMs: 2000 },
    ]);
  });

  it.each([
    ['a file of one part', Buffer.from('x'), 'put'],
    ['a file of several parts', body, 'complete'],
  ])('of %s that does not end is unavailable, and says nothing against S3', async (_what, bytes, operation) => {
    const stage = createStage(bytes, {
      ifNoneMatch: true,
      override: (_request, name) => (name === 'head' ? { status: 404 } : name === operation ? conflict : undefined),
    });
    await expect(stage.run()).rejects.toMatchObject({
      code: 'unavailable',
      details: { s3Code: 'ConditionalRequestConflict', httpStatus: 409, attempts: 4 },
    });
    expect(stage.process.verdicts).toEqual(['neutral']);
  });

  it('with an attempt of ours whose answer was lost ends well', async () => {
    const stage = createStage(Buffer.from('x'), {
      ifNoneMatch: true,
      override: (_request, name, count) => {
        if (name === 'head') return { headers: { etag: `"${md5('x')}"` } };
        return [networkFault('ECONNRESET'), conflict, errorAnswer(412, 'PreconditionFailed')][count - 1];
      },
    });
    expect(await stage.run()).toMatchObject({ etag: `"${md5('x')}"` });
  });

  it('that another object has won is `exists`', async () => {
    const stage = createStage(Buffer.from('x'), {
      ifNoneMatch: true,
      override: (_request, name, count) => {
        if (name === 'head') return { headers: { etag: `"${md5('y')}"` } };
        return count === 1 ? conflict : errorAnswer(412, 'PreconditionFailed');
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'exists' });
  });

  it('that has ended the upload leaves nothing to go on with, and asks for a new one', async () => {
    const stage = createStage(body, {
      ifNoneMatch: true,
      memory: resumable,
      override: (_request, name, count) => {
        if (name === 'head') return { status: 404 };
        if (name === 'complete') return count === 1 ? conflict : errorAnswer(404, 'NoSuchUpload');
        return name === 'abort' ? errorAnswer(404, 'NoSuchUpload') : undefined;
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'unavailable', details: { s3Code: 'NoSuchUpload' } });
    expect(stage.saved).toEqual(['new', null]);
  });
});

describe('an upload that was begun', () => {
  const begun: UploadMemory = { ...resumable, begunId: 'old' };

  it('sends only the parts that are not stored with the very bytes of the file', async () => {
    const stage = createStage(body, { memory: begun });
    stage.parts.set(1, body.subarray(0, PART));
    stage.parts.set(2, Buffer.alloc(PART, 'another'));
    stage.parts.set(3, Buffer.from('short'));
    expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: PART });
    // Two at a time: which of them goes out first is of no interest.
    expect(stage.operations.toSorted()).toEqual(['complete', 'list', 'part 2', 'part 3']);
    expect(Buffer.concat([1, 2, 3].map((number) => stage.parts.get(number)!)).equals(body)).toBe(true);
    expect(stage.requests.at(-1)?.query['uploadId']).toBe('old');
  });

  it('is begun anew where the store knows it no more', async () => {
    const stage = createStage(body, {
      memory: begun,
      override: (_request, operation) => (operation === 'list' ? errorAnswer(404, 'NoSuchUpload') : undefined),
    });
    expect(await stage.run()).toMatchObject({ resumedBytes: 0 });
    expect(stage.operations).toEqual(['list', 'create', 'part 1', 'part 2', 'part 3', 'complete']);
    expect(stage.saved).toEqual(['new', null]);
  });

  it('is aborted before a new one begins where it is of no use any more', async () => {
    const stage = createStage(body, { memory: { ...resumable, staleId: 'old' } });
    await stage.run();
    expect(stage.operations.slice(0, 2)).toEqual(['abort', 'create']);
    expect(stage.requests[0]?.query['uploadId']).toBe('old');
  });
});
