/**
 * Met: buckets that exist were refused as misspelt: with capitals or `_`, of a tenant (Ceph), access points by their ARN.
 * Cause: every name had to follow S3's rules for new buckets.
 * Fix: with an endpoint of another store its rules hold, in the path; an ARN goes to the host and region that it names.
 */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import Put from '../../src/commands/put.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { createAwsClient } from '../support/aws-hosts.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const options = {
  abortSignal: new AbortController().signal,
  watch: new RequestWatch(new VirtualClock(), { requestTimeoutMs: 1000, stallTimeoutMs: 1000 }),
};

/** Where a put and a listing of a bucket go. */
async function send(bucket: string, isFast: boolean, settings: { endpoint?: string; forcePathStyle?: boolean } = {}) {
  const { s3, sent } = createAwsClient(
    ({ method }) => ({ status: 200, body: method === 'GET' ? '<ListBucketResult/>' : '' }),
    {
      isFast,
      ...settings,
    },
  );
  await s3.putObject({ Bucket: bucket, Key: 'k', Body: Buffer.from('x') }, options);
  await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  return sent.map(({ host, path, region }) => `${host}${path} ${region}`);
}

const STORE = { endpoint: 'http://store.example:9000', forcePathStyle: true };

it.each([true, false])('sends each name to its place (direct path: %s)', async (isFast) => {
  expect(await send('tenant:bucket', isFast, STORE)).toEqual([
    'store.example/tenant%3Abucket/k us-east-1',
    'store.example/tenant%3Abucket/ us-east-1',
  ]);
  expect(await send('My_Bucket', isFast, STORE)).toEqual([
    'store.example/My_Bucket/k us-east-1',
    'store.example/My_Bucket/ us-east-1',
  ]);
  const arn = 'arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap';
  const host = 'my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com';
  expect(await send(arn, isFast)).toEqual([`${host}/k us-west-2`, `${host}/ us-west-2`]);
  const own = 'my-ap-123456789012.store.example';
  expect(await send(arn, isFast, STORE)).toEqual([`${own}/k us-west-2`, `${own}/ us-west-2`]);
  const alias = 'my-ap-abcdefghijklmnopqrstuvwxyz1234-s3alias';
  expect((await send(alias, isFast))[0]).toBe(`${alias}.s3.us-east-1.amazonaws.com/k us-east-1`);
});

it('says what a directory bucket cannot do, and where other names are allowed', async () => {
  await using program = await Program.create({ AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S' });
  const place = { env: program.env, home: program.directory };
  const swept = await runInProcess(Sweep, ['s3://logs--usw2-az1--x-s3/a/', '--older-than=1d', '--yes'], place);
  expect(swept).toMatchObject({ status: 2, stderr: expect.stringContaining('directory bucket') as string });
  const put = await runInProcess(Put, ['-', 's3://My_Bucket/k'], place);
  expect(put).toMatchObject({ status: 2, stderr: expect.stringContaining('--endpoint-url') as string });
});
