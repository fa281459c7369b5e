import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf, digestPattern } from '../../../bench/null-s3/digests.ts';
import { NULL_BLOCK } from '../../../bench/null-s3/pattern.ts';
import { spawnNullServer, type NullServer } from '../../../bench/spawn-null-server.ts';
import { canMakeCertificates } from '../../support/certificate.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const PLAIN = NULL_BLOCK.subarray(0, 4 * KIB);

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

describe('digests of the pattern', () => {
  test.each([
    ['crc32', 'cbf43926'],
    ['crc32c', 'e3069283'],
    ['crc64nvme', 'ae8b14860a799888'],
    ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ] as const)('computes the check value of %s', (name, expected) => {
    expect(digestOf(name, [Buffer.from('123456789')]).toString('hex')).toBe(expected);
  });

  test.each([
    { phase: 0, sizeBytes: 0 },
    { phase: 0, sizeBytes: 4096 },
    { phase: 0, sizeBytes: MIB },
    { phase: 0, sizeBytes: 3 * MIB + 5 },
    { phase: 77, sizeBytes: 2 * MIB },
  ])('knows those of $sizeBytes bytes from byte $phase on', ({ phase, sizeBytes }) => {
    const bytes = Buffer.concat([NULL_BLOCK, NULL_BLOCK, NULL_BLOCK, NULL_BLOCK]).subarray(phase, phase + sizeBytes);
    for (const name of ['crc32', 'crc32c', 'crc64nvme', 'md5'] as const) {
      expect(digestPattern(name, { phase, sizeBytes })).toStrictEqual(digestOf(name, [bytes]));
    }
  });
});

describe('the null server', () => {
  let server: NullServer;
  let unasked: NullServer;

  beforeAll(async () => {
    [server, unasked] = await Promise.all([spawnNullServer(), spawnNullServer({ tellsUnasked: true })]);
  });
  afterAll(async () => {
    await Promise.all([server[Symbol.asyncDispose](), unasked[Symbol.asyncDispose]()]);
  });

  async function send(key: string, init: RequestInit = {}, { endpoint } = server): Promise<Response> {
    return await fetch(`${endpoint}/bench/${key}`, init);
  }

  async function tell(response: Response): Promise<readonly unknown[]> {
    const read = (name: string): string | null => response.headers.get(name);
    await response.arrayBuffer();
    return [response.status, read('etag'), read('x-amz-checksum-crc64nvme'), read('x-amz-checksum-type')];
  }

  const ASKING = { headers: { 'x-amz-checksum-mode': 'ENABLED' } };
  const CRC64 = digestOf('crc64nvme', [PLAIN]).toString('base64');

  test('tells the MD5 of an object to everybody, its CRC64NVME to who asks', async () => {
    const etag = `"${md5(PLAIN)}"`;
    expect(await tell(await send('2x4096/d00000/f01', ASKING))).toStrictEqual([200, etag, CRC64, 'FULL_OBJECT']);
    expect(await tell(await send('2x4096/d00000/f01'))).toStrictEqual([200, etag, null, null]);
    expect(await tell(await send('2x4096/d00000/f01', {}, unasked))).toStrictEqual([200, etag, CRC64, 'FULL_OBJECT']);
    const listing = await (await send('?list-type=2&prefix=2x4096/')).text();
    expect(listing).toContain(`<ETag>&#34;${md5(PLAIN)}&#34;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>`);
  });

  test('tells no checksum with a part of the bytes', async () => {
    const response = await send('1x4096/d00000/f00', { headers: { ...ASKING.headers, range: 'bytes=5-9' } });
    expect(response.headers.get('content-range')).toBe('bytes 5-9/4096');
    expect(response.headers.has('x-amz-checksum-crc64nvme')).toBe(false);
    expect(Buffer.from(await response.arrayBuffer())).toStrictEqual(PLAIN.subarray(5, 10));
  });

  test.each([
    ['part1', `"${md5(Buffer.from(md5(PLAIN), 'hex'))}-1"`, null],
    ['md5', `"${md5(PLAIN)}"`, null],
    ['none', '"synthetic-object"', null],
    ['crc64nvme', '"synthetic-object"', CRC64],
  ])('tells of an object of the kind %s what such a one has', async (kind, etag, crc64) => {
    const type = crc64 === null ? null : 'FULL_OBJECT';
    expect(await tell(await send(`1x4096-${kind}/d00000/f00`, ASKING))).toStrictEqual([200, etag, crc64, type]);
  });

  test('cuts an object of parts, and tells the bytes of each', async () => {
    const response = await send(`1x${9 * MIB}-parts/d00000/f00?partNumber=2`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe(String(MIB));
    expect(response.headers.get('x-amz-mp-parts-count')).toBe('2');
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{32}-2"$/);
  });

  test.each([
    ['of the pattern', PLAIN],
    ['of a part of the pattern', NULL_BLOCK.subarray(1000, 3000)],
    ['that leaves the pattern', Buffer.concat([PLAIN, Buffer.from('other')])],
    ['of something else', Buffer.from('something else')],
    ['of nothing', Buffer.alloc(0)],
  ])('answers a put with the digests of content %s', async (_, bytes) => {
    const crc64 = digestOf('crc64nvme', [bytes]).toString('base64');
    const answer = [200, `"${md5(bytes)}"`, crc64, 'FULL_OBJECT'];
    expect(await tell(await send('sent/object', { method: 'PUT', body: bytes }))).toStrictEqual(answer);
    expect(await tell(await send('sent/object', { method: 'HEAD', ...ASKING }))).toStrictEqual(answer);
  });

  test.each([
    ['x-amz-checksum-crc32', 'AAAAAA=='],
    ['content-md5', 'AAAAAAAAAAAAAAAAAAAAAA=='],
    ['x-amz-content-sha256', '0'.repeat(64)],
    ['x-amz-decoded-content-length', '1'],
  ])('refuses content that is not what %s says', async (name, value) => {
    const response = await send('sent/wrong', { method: 'PUT', body: PLAIN, headers: { [name]: value } });
    expect([response.status, await response.text()]).toStrictEqual([400, expect.stringContaining(name)]);
  });

  test.each([
    ['with a length', (framed: Buffer) => framed],
    ['in chunks of HTTP', (framed: Buffer) => new Blob([framed.subarray(0, 3), framed.subarray(3)]).stream()],
  ])('reads chunks of S3 that come %s, and their trailers', async (_, frame) => {
    const crc32 = digestOf('crc32', [PLAIN]).toString('base64');
    const framed = Buffer.concat([
      Buffer.from('1000\r\n'),
      PLAIN,
      Buffer.from(`\r\n0\r\nx-amz-checksum-crc32:${crc32}\r\n\r\n`),
    ]);
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'x-amz-decoded-content-length': '4096',
    };
    const response = await send('sent/chunked', { method: 'PUT', body: frame(framed), headers, duplex: 'half' });
    expect(response.headers.get('x-amz-checksum-crc32')).toBe(crc32);
    expect(response.headers.get('etag')).toBe(`"${md5(PLAIN)}"`);
  });

  test('completes an upload with the ETag of its parts and the CRC64NVME of the whole', async () => {
    const key = 'sent/in-parts';
    const uploadId = /<UploadId>(.*?)</.exec(await (await send(`${key}?uploads`, { method: 'POST' })).text())?.[1];
    const parts = [NULL_BLOCK, PLAIN];
    for (const [index, body] of parts.entries()) {
      await send(`${key}?partNumber=${index + 1}&uploadId=${uploadId}`, { method: 'PUT', body });
    }
    const named = parts.map(
      (bytes, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${md5(bytes)}"</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${named.join('')}</CompleteMultipartUpload>`;
    const completed = await send(`${key}?uploadId=${uploadId}`, { method: 'POST', body });
    const etag = `"${md5(Buffer.concat(parts.map((bytes) => Buffer.from(md5(bytes), 'hex'))))}-2"`;
    const crc64 = digestOf('crc64nvme', parts).toString('base64');
    expect(await completed.text()).toContain(`<ChecksumCRC64NVME>${crc64}</ChecksumCRC64NVME>`);
    expect(await tell(await send(key, ASKING))).toStrictEqual([200, etag, crc64, 'FULL_OBJECT']);
  });
});

describe('the null server with an option', () => {
  test('changes a byte of what comes and of what goes, and still tells the truth about the object', async () => {
    await using server = await spawnNullServer({ corrupts: true });
    const read = await fetch(`${server.endpoint}/bench/1x4096/d00000/f00`);
    const bytes = Buffer.from(await read.arrayBuffer());
    expect(read.headers.get('etag')).toBe(`"${md5(PLAIN)}"`);
    expect(bytes.filter((byte, at) => byte !== PLAIN[at]).length).toBe(1);
    const headers = { 'content-md5': createHash('md5').update(PLAIN).digest('base64') };
    const put = await fetch(`${server.endpoint}/bench/sent/object`, { method: 'PUT', body: PLAIN, headers });
    expect([put.status, await put.text()]).toStrictEqual([400, expect.stringContaining('BadDigest')]);
  });

  test.runIf(canMakeCertificates('the null server over TLS'))(
    'serves over TLS who trusts its certificate',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-tls-'));
      try {
        await using server = await spawnNullServer({ tlsDirectory: directory });
        const ca = await readFile(server.certificate ?? '');
        const request = get(`${server.endpoint}/bench/1x4096/d00000/f00`, { ca, agent: false });
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        expect(Buffer.concat(await response.toArray())).toStrictEqual(PLAIN);
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  );
});
