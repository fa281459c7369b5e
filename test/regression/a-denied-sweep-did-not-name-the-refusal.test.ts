/**
 * Met: `sweep --abort-uploads` whose every abort was denied ended with "every abort was denied", and `http_status` null: the
 *   code and status of S3 were missing, which every other denied command names. So it was where each key of a batch was denied.
 * Cause: the error of the whole was made without the first refusal.
 * Fix: it carries the first refusal: its message, and for uploads its HTTP status, request id and attempts.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';

afterEach(() => vi.unstubAllEnvs());

const TIME = '2020-01-01T00:00:00.000Z';
const UPLOADS = `<ListMultipartUploadsResult><Bucket>bkt</Bucket><IsTruncated>false</IsTruncated><Upload><Key>p/u</Key><UploadId>u</UploadId><Initiated>${TIME}</Initiated></Upload></ListMultipartUploadsResult>`;
const OBJECTS = `<ListBucketResult><Name>bkt</Name><IsTruncated>false</IsTruncated><Contents><Key>p/a</Key><LastModified>${TIME}</LastModified><ETag>"a"</ETag><Size>1</Size></Contents></ListBucketResult>`;
const DENIED = '<Error><Code>AccessDenied</Code><Message>the vault is locked</Message></Error>';
const KEY_DENIED = `<DeleteResult>${DENIED.replace('<Error>', '<Error><Key>p/a</Key>')}</DeleteResult>`;

function answer(method: string, url: string): [number, string] {
  if (method === 'GET') return [200, url.includes('uploads') ? UPLOADS : OBJECTS];
  return method === 'POST' ? [200, KEY_DENIED] : [403, DENIED];
}

it.each([
  ['uploads', ['--abort-uploads', '1d'], 403],
  // The status of the whole batch is 200.
  ['objects', ['--older-than', '1d'], null],
])('names why no %s could be deleted', async (_what, flags, httpStatus) => {
  const server = createServer((request, response) => {
    request.resume();
    const [status, body] = answer(request.method ?? '', request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const settings = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  await using program = await Program.create(settings);
  const { status, stdout } = await runInProcess(Sweep, ['s3://bkt/p/', '--yes', '--json', ...flags], {
    env: program.env,
    home: program.directory,
  });
  const { error } = JSON.parse(stdout.toString()) as { error: Record<string, unknown> };
  expect(status).toBe(77);
  expect(error['message']).toMatch(/ was denied, the first: .*AccessDenied: the vault is locked/);
  expect(error).toMatchObject({ s3_code: 'AccessDenied', http_status: httpStatus });
  server.closeAllConnections();
  server.close();
});
