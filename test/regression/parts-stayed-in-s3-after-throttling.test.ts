/**
 * Met: after a `put` that failed by SlowDown, the parts that it had sent stayed in S3 and were charged for.
 * Cause: the rate limiter, which had just been throttled by every part, held the request that aborts the upload back
 *   for longer than the 5 s that the clean-up may take.
 * Fix: the abort of an upload does not wait for the rate limiter.
 */
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { connectS3 } from '../../src/s3/connection/connect.ts';
import { BoundedRateLimiter } from '../../src/s3/connection/rate-limiter.ts';
import { discardUpload } from '../../src/s3/upload/discard-upload.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const TIMEOUTS = { requestTimeoutMs: 60_000, stallTimeoutMs: 30_000 };

afterEach(() => vi.unstubAllEnvs());

it('aborts the upload although the rate limiter holds everything else back', async () => {
  await using sandbox = await startTestSandbox();
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const limiter = new BoundedRateLimiter(systemClock);
  const client = await connectS3(
    {
      endpointUrl: sandbox.endpoint,
      region: sandbox.region,
      profile: null,
      profileFiles: null,
      pathStyle: null,
      connectTimeoutMs: 5000,
      credentialsTimeoutMs: 1000,
      certificates: null,
    },
    { clock: systemClock, signal: new AbortController().signal, emit: () => undefined },
    limiter,
  );
  const upload = { Bucket: 'bucket', Key: 'key' };
  const { UploadId: uploadId = '' } = await client.send(new CreateMultipartUploadCommand(upload));
  sandbox.addFault('UploadPart:503:SlowDown');
  const giveUp = new AbortController();
  const sendParts = (count: number): readonly Promise<unknown>[] =>
    Array.from({ length: count }, async (_, index) => {
      const part = { ...upload, UploadId: uploadId, PartNumber: index + 1, Body: Buffer.from('x') };
      const watch = new RequestWatch(systemClock, TIMEOUTS);
      await limiter.openQueue().take(giveUp.signal);
      await client.uploadPart(part, { abortSignal: giveUp.signal, watch }).catch(() => undefined);
    });
  await Promise.all(sendParts(16));
  const heldBack = sendParts(16);
  // The 5 s are those of the clean-up itself.
  const { guard, events } = createFakeGuard({ limiter });
  const isAborted = await discardUpload(
    client,
    { ...guard, clock: systemClock },
    { bucket: 'bucket', key: 'key', uploadId },
  );
  expect([isAborted, events]).toEqual([true, []]);
  expect(sandbox.openUploads('bucket')).toBe(0);
  giveUp.abort();
  await Promise.allSettled(heldBack);
  client.destroy();
});
