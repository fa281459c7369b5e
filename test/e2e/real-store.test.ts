import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

/** A store that is not ours, so that the sandbox and the client cannot agree on one misreading: Ceph's gateway in CI. */
const endpoint = process.env['BREAKWATER_TEST_ENDPOINT'];
const accessKeyId = process.env['BREAKWATER_TEST_ACCESS_KEY_ID'] ?? '';
const secretAccessKey = process.env['BREAKWATER_TEST_SECRET_ACCESS_KEY'] ?? '';
const MIB = 1024 * 1024;

if (endpoint === undefined) console.log('skipped: tests against a real store need BREAKWATER_TEST_ENDPOINT and keys');

describe.skipIf(endpoint === undefined)('against a real store', () => {
  it('puts, gets and sweeps: small, empty, in parts, from standard input, with odd names', async () => {
    const bucket = `breakwater-${randomBytes(6).toString('hex')}`;
    const credentials = { accessKeyId, secretAccessKey };
    const s3 = new S3Client({ endpoint: endpoint!, region: 'us-east-1', forcePathStyle: true, credentials });
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    // Names that XML cannot hold, or that it escapes: a batch of deletes must get along with them.
    for (const Key of ['odd/bell\u0007', 'odd/cr\r', `odd/a&b<c>'"`]) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
    }
    s3.destroy();
    await using program = await Program.create({
      AWS_ENDPOINT_URL_S3: endpoint!,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    });
    const bodies: Readonly<Record<string, Buffer>> = {
      empty: Buffer.alloc(0),
      'with space': Buffer.from('a'),
      'grüße+100%': Buffer.from('b'),
      big: randomBytes(17 * MIB),
    };
    await mkdir(program.path('tree'));
    for (const [name, body] of Object.entries(bodies)) await writeFile(program.path('tree', name), body);

    const sent = await program.run(['put', '-r', '--json', 'tree', `s3://${bucket}/tree/`]);
    expect([sent.status, sent.stderr]).toEqual([0, '']);
    expect(readDocument(sent)).toMatchObject({ objects: 4, failed: 0 });
    const one = readDocument(await program.run(['put', '--json', 'tree/big', `s3://${bucket}/one`]));
    expect(one['etag']).toMatch(/^"?[0-9a-f]{32}-\d"?$/);
    expect((await program.run(['put', '-', `s3://${bucket}/piped`], { input: bodies['big']! })).status).toBe(0);

    expect((await program.run(['get', '-r', `s3://${bucket}/tree/`, 'back'])).status).toBe(0);
    for (const [name, body] of Object.entries(bodies)) {
      expect((await readFile(program.path('back', name))).equals(body), name).toBe(true);
    }
    expect((await program.run(['get', `s3://${bucket}/piped`, '-'])).stdout.equals(bodies['big']!)).toBe(true);
    const missing = await program.run(['get', '--json', `s3://${bucket}/none`, 'none']);
    expect(readDocument(missing).error).toMatchObject({ code: 'not_found', s3_code: 'NoSuchKey', attempts: 1 });

    const sweep = ['sweep', `s3://${bucket}/`, '--all', '--older-than', '1ms', '--yes', '--json', '--verbose'];
    const swept = await program.run(sweep);
    expect(readDocument(swept)).toMatchObject({ complete: true, matched: 9, deleted: 9, changed: 0, failed: 0 });
    expect(swept.stderr).toContain(`debug: s3://${bucket} deletes`);
    expect(readDocument(await program.run(sweep))).toMatchObject({ matched: 0 });
  });

  it('refuses a wrong secret without a retry, and no circuit is moved', async () => {
    await using program = await Program.create({
      AWS_ENDPOINT_URL_S3: endpoint!,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'wrong',
    });
    await writeFile(program.path('file'), 'x');
    const ended = await program.run(['put', '--json', 'file', 's3://any-bucket/key']);
    expect(readDocument(ended).error).toMatchObject({ code: 'access_denied', http_status: 403, attempts: 1 });
  });
});
