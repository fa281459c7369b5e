import { createHash } from 'node:crypto';
import { Slots } from '../../src/guard/slots.ts';
import { NOTHING_TO_RESUME, type FileUpload, type UploadResumePoint } from '../../src/s3/upload/upload-request.ts';
import { uploadFile } from '../../src/s3/upload/upload-file.ts';
import { createGuardedProcess } from './fake-guard.ts';
import { createFakeS3, runWithS3, type FakeResponse, type FakeRequest } from './fake-s3.ts';

export const PART = 1000;
export const md5 = (bytes: Buffer | string) => createHash('md5').update(bytes).digest('hex');

export type Override = (request: FakeRequest, operation: string, count: number) => FakeResponse | Error | undefined;

/** A store with one upload, that can be told to answer otherwise. */
export function prepare(
  body: Buffer,
  wishes: Partial<FileUpload> & { override?: Override; hasChecksums?: boolean; endpoint?: string } = {},
) {
  const { override = () => undefined, hasChecksums = true, endpoint, ...upload } = wishes;
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
  const guard = createGuardedProcess();
  const { resume, saved } = createResumePoint(upload.resume);
  const request: FileUpload = {
    bucket: 'b',
    key: 'k',
    headers: {},
    checksum: 'crc32',
    ifNoneMatch: false,
    partSizeBytes: PART,
    sizeBytes: body.length,
    queue: new Slots().openQueue(),
    signal: new AbortController().signal,
    source: {
      readAt: async (buffer, offset) => {
        body.copy(buffer, 0, offset, offset + buffer.byteLength);
        await Promise.resolve();
      },
      confirm: () => undefined,
    },
    ...upload,
    resume,
  };
  const run = async () => await runWithS3(guard.clock, uploadFile(fake.s3, guard.guard, request));
  return { ...fake, ...guard, run, parts, operations, saved };
}

function listing(parts: ReadonlyMap<number, Buffer>): string {
  const entries = [...parts].map(
    ([number, bytes]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>"${md5(bytes)}"</ETag><Size>${bytes.length}</Size></Part>`,
  );
  return `<ListPartsResult><UploadId>old</UploadId><IsTruncated>false</IsTruncated>${entries.join('')}</ListPartsResult>`;
}

function createResumePoint(given: Partial<UploadResumePoint> = {}) {
  const saved: (string | null)[] = [];
  const resume: UploadResumePoint = {
    ...NOTHING_TO_RESUME,
    ...given,
    save: async (id) => {
      saved.push(id);
      return await (given.save === undefined || given.save === NOTHING_TO_RESUME.save
        ? Promise.resolve(true)
        : given.save(id));
    },
    forget: async () => {
      saved.push(null);
      await Promise.resolve();
    },
  };
  return { resume, saved };
}

/** Two parts and a half. */
export const body = Buffer.from(Array.from({ length: 2 * PART + 500 }, (_, index) => index % 251));
export const resumable: UploadResumePoint = { ...NOTHING_TO_RESUME, isResumable: true };
