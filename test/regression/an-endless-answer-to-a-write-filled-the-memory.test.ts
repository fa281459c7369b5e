/**
 * Met: a response of hundreds of MiB to CreateMultipartUpload took as much memory, and one to PutObject was read to its
 * end, which may never come.
 * Cause: the SDK collects what it parses without a bound, and the fast path reads responses to writes to their end.
 * Fix: both stop after as much as no store sends.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { connectS3 } from '../../src/s3/connection/connect.ts';

const MIB = 1024 * 1024;
/** Ended by the test in any case, so that it fails instead of filling the memory. */
const SENT_BYTES_MAX = 64 * MIB;

afterEach(() => vi.unstubAllEnvs());

/** Answers each request with 200 and blanks without an end. */
async function createStage() {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  const blanks = Buffer.alloc(MIB, ' ');
  const sent = { bytes: 0 };
  const server = createServer((socket) => {
    const send = (): void => {
      while (sent.bytes < SENT_BYTES_MAX && !socket.destroyed) {
        sent.bytes += MIB;
        if (!socket.write(blanks)) return;
      }
      socket.end();
    };
    socket.on('error', () => undefined).on('drain', send);
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nETag: "e"\r\nConnection: close\r\n\r\n<?xml version="1.0"?>');
      send();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const settings = { endpointUrl: `http://127.0.0.1:${port}`, region: 'us-east-1', profile: null, pathStyle: true };
  const client = await connectS3(
    { ...settings, profileFiles: null, credentialsTimeoutMs: 5000, connectTimeoutMs: 5000, certificates: null },
    { clock: systemClock, signal: new AbortController().signal, emit: () => undefined },
  );
  const options = {
    abortSignal: new AbortController().signal,
    watch: new RequestWatch(systemClock, { requestTimeoutMs: 60_000, stallTimeoutMs: 60_000 }),
  };
  const close = (): void => {
    client.destroy();
    server.close();
  };
  return { client, options, sent, [Symbol.dispose]: close };
}

it.each([
  ['CreateMultipartUpload', new CreateMultipartUploadCommand({ Bucket: 'bucket', Key: 'key' })],
  [
    'CompleteMultipartUpload',
    new CompleteMultipartUploadCommand({
      Bucket: 'bucket',
      Key: 'key',
      UploadId: 'id',
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: 'e' }] },
    }),
  ],
])('an answer to %s is not S3 when it has no end', async (_name, command) => {
  using stage = await createStage();
  const sent = stage.client.send(command as CreateMultipartUploadCommand, stage.options);
  await expect(sent).rejects.toMatchObject({ name: 'TransferFault', word: 'not_s3' });
  expect(stage.sent.bytes).toBeLessThan(SENT_BYTES_MAX);
});

it('an answer to PutObject is read only so far', async () => {
  using stage = await createStage();
  const { client, options } = stage;
  const stored = await client.putObject({ Bucket: 'bucket', Key: 'key', Body: Buffer.from('body') }, options);
  expect(stored).toMatchObject({ ETag: '"e"' });
  expect(stage.sent.bytes).toBeLessThan(SENT_BYTES_MAX);
});
