import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { DirectBody, readBody } from '../../src/http/direct-body.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { readFields } from '../../src/read-fields.ts';
import { connectS3 } from '../../src/s3/connection/connect.ts';
import type { ObjectClient } from '../../src/s3/connection/object-client.ts';
import { mutatedAnswer, type MutatedAnswer } from '../support/answers/arbitrary.ts';
import { readWithNode } from '../support/answers/read-answer.ts';

const CASES = 3000;
const WITHOUT_PROFILES = { profileFiles: null, credentialsTimeoutMs: 5000 };
const SEED = Number(process.env['BREAKWATER_FUZZ_SEED'] ?? 9112);
/** A client that has met a bad server may stop reusing its connections, so there is a new one after each so many. */
const CASES_A_CLIENT = 10;
/** Nobody waits in vain: an answer that is neither read nor refused is a failure. */
const TIMEOUTS = { requestTimeoutMs: 20_000, stallTimeoutMs: 20_000 };

/** Serves the answer of the case whose number is the key, and to any other key the key itself. */
async function startServer(cases: readonly (MutatedAnswer & { readonly isKept: boolean })[]) {
  const seen = { connections: 0 };
  const serve = async (socket: Socket, key: string): Promise<void> => {
    const answer = cases[Number(key)];
    if (answer === undefined) {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${key.length}\r\n\r\n${key}`);
      return;
    }
    for (const piece of answer.pieces) {
      socket.write(piece, 'latin1');
      await new Promise(setImmediate);
    }
    if (!answer.isKept) socket.end();
  };
  const server = createServer({ noDelay: true }, (socket) => {
    seen.connections += 1;
    let head = '';
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        head += bytes.toString('latin1');
        if (!head.endsWith('\r\n\r\n')) return;
        const key = /^GET \/bucket\/([^ ?]+)/.exec(head)?.[1] ?? '';
        head = '';
        void serve(socket, key);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, seen, [Symbol.dispose]: () => void server.close() };
}

/** The body of an object, in latin1; an error if it cannot be read, or if the status is an error's. */
async function readObject(client: ObjectClient, key: string, wholeBytesMax: number): Promise<string | Error> {
  const watch = new RequestWatch(systemClock, TIMEOUTS);
  const chunks: Buffer[] = [];
  try {
    const { body } = await client.getObject(
      { Bucket: 'bucket', Key: key },
      { abortSignal: new AbortController().signal, watch, wholeBytesMax },
    );
    if (body instanceof Uint8Array) return Buffer.from(body).toString('latin1');
    if (!(body instanceof Readable)) throw new TypeError('no body');
    await readBody(body, (chunk) => {
      chunks.push(Buffer.from(chunk));
      if (body instanceof DirectBody) body.release([chunk]);
      // Some pauses, so that bytes wait on the connection.
      return chunks.length % 3 === 0 ? new Promise(setImmediate) : 'more';
    });
    return Buffer.concat(chunks).toString('latin1');
  } catch (error) {
    return error instanceof Error ? error : new Error('not an error', { cause: error });
  }
}

afterAll(() => vi.unstubAllEnvs());

it('reads from sockets what Node reads, and gives each request its own answer', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  const cases = fc.sample(
    mutatedAnswer.filter(({ method }) => method === 'GET'),
    { numRuns: CASES, seed: SEED },
  );
  const readings = await Promise.all(cases.map(async ({ pieces }) => await readWithNode(pieces)));
  using server = await startServer(
    cases.map((answer, index) => ({ ...answer, isKept: readings[index]?.isReusable === true })),
  );
  const settings = {
    endpointUrl: server.endpoint,
    region: 'us-east-1',
    profile: null,
    pathStyle: true,
    ...WITHOUT_PROFILES,
  };
  const context = { clock: systemClock, signal: new AbortController().signal, emit: () => undefined };
  const counted = { read: 0, own: 0 };
  let client: ObjectClient | null = null;
  for (const [index, answer] of cases.entries()) {
    if (client === null || index % CASES_A_CLIENT === 0) {
      client?.destroy();
      client = await connectS3({ ...settings, connectTimeoutMs: 5000, certificates: null }, context);
    }
    const what = `seed ${SEED}, case ${index}: ${JSON.stringify(answer)}`;
    const theirs = readings[index]!;
    // Streamed, collected, and of those some that get too long.
    const wholeBytesMax = [0, 1_000_000, 10][index % 3] ?? 0;
    const ours = await readObject(client, String(index), wholeBytesMax);
    if (typeof ours === 'string') {
      expect([theirs.end, theirs.body], what).toEqual(['whole', ours]);
      counted.read += 1;
    } else {
      const { httpStatusCode } = readFields(readFields(ours)['$metadata']);
      if (httpStatusCode !== undefined) expect(httpStatusCode, what).toBe(theirs.status);
      expect(ours.message, what).not.toMatch(/no response within|no progress/);
    }
    const own = await readObject(client, `own-${index}`, wholeBytesMax);
    if (typeof own === 'string') {
      expect(own, what).toBe(`own-${index}`);
      counted.own += 1;
    }
  }
  client?.destroy();
  // A reader that refused everything, or reused nothing, would pass all of this.
  expect(counted.read).toBeGreaterThan(CASES / 5);
  expect(counted.own).toBeGreaterThan(CASES * 0.9);
  expect(server.seen.connections).toBeLessThan(1.8 * CASES);
  console.log(`${CASES} answers over sockets: ${counted.read} objects read; ${server.seen.connections} connections`);
});
