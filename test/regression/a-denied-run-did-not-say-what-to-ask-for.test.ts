/**
 * Met: a run whose every object was denied ended with "check the credentials and their permissions": nobody knew what to ask the
 * administrator of the bucket for.
 * Cause: the hint was that of one request, and named neither the action nor its resource.
 * Fix: the hint names the actions and the ARN of the bucket, the prefix or the object, in the words of a policy.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

const LISTED = `<?xml version="1.0"?><ListBucketResult><Name>bkt</Name><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>${[
  1, 2,
]
  .map(
    (n) =>
      `<Contents><Key>p/${n}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified><ETag>"a"</ETag><Size>1</Size></Contents>`,
  )
  .join('')}</ListBucketResult>`;

it.each([
  ['put -r many s3://bkt/p/', false, /^ask .* s3:PutObject and s3:AbortMultipartUpload on arn:aws:s3:::bkt\/p\/\*$/],
  [
    'put many/0 s3://bkt/p/',
    false,
    /^ask .* on arn:aws:s3:::bkt\/p\/0, or check the credentials from AWS_ACCESS_KEY_ID/,
  ],
  ['get -r s3://bkt/p/ out', false, /^ask .* s3:ListBucket on arn:aws:s3:::bkt, or/],
  ['get -r s3://bkt/p/ out', true, /^ask .* s3:GetObject on arn:aws:s3:::bkt\/p\/\*$/],
  ['get s3://bkt/p/0 out', false, /^ask .* s3:GetObject on arn:aws:s3:::bkt\/p\/0, or/],
  [
    'sweep s3://bkt/p/ --older-than 1d --yes',
    true,
    /^ask .* s3:DeleteObject and s3:GetObject on arn:aws:s3:::bkt\/p\/\*;/,
  ],
])('%s (may list: %s)', async (line, mayList, hint) => {
  const server = createServer((request, response) => {
    const isListing = request.method === 'GET' && /list-type=2/.test(request.url ?? '');
    const body = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>';
    request.resume();
    response.writeHead(isListing && mayList ? 200 : 403, { 'content-type': 'application/xml' });
    response.end(request.method === 'HEAD' ? '' : isListing && mayList ? LISTED : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await using program = await Program.create({
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  });
  mkdirSync(program.path('many'));
  for (let count = 0; count < 12; count += 1) writeFileSync(program.path('many', String(count)), 'x');
  const ended = await program.run([...line.split(' '), '--json']);
  expect(ended.status).toBe(77);
  expect(readDocument(ended).error?.['hint']).toMatch(hint);
  server.closeAllConnections();
  server.close();
});
