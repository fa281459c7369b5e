import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TransferFault } from '../../../src/retry/transfer-fault.ts';
import { AGENTS, createHttpStage } from '../../support/raw-server.ts';

const MAX = 10;
const head = (...lines: readonly string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
const sized = (body: string, stated = body.length): string => `${head(`Content-Length: ${stated}`)}${body}`;
const chunked = (...chunks: readonly string[]): string =>
  `${head('Transfer-Encoding: chunked')}${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}`;
const END = '0\r\n\r\n';

/** Writes with a turn of the event loop between two pieces; null ends the connection. */
async function write(socket: Socket, pieces: readonly (string | null)[]): Promise<void> {
  for (const piece of pieces) {
    if (piece === null) socket.end();
    else socket.write(piece);
    await new Promise(setImmediate);
  }
}

describe.each(AGENTS)('with %s, a body of at most so many bytes', (agent) => {
  const ask = async (pieces: readonly (string | null)[], wholeBytesMax = MAX) => {
    await using stage = await createHttpStage({ serve: (socket) => void write(socket, pieces) }, { agent });
    return await stage.ask('GET', { wholeBytesMax });
  };

  it.each<[string, readonly (string | null)[], { body: string; isWhole: boolean }]>([
    ['of a stated length', [sized('0123456789')], { body: '0123456789', isWhole: true }],
    ['in pieces', [head('Content-Length: 4'), '01', '23'], { body: '0123', isWhole: true }],
    ['that is empty', [sized('')], { body: '', isWhole: true }],
    ['in chunks', [chunked('0123', '456789'), END], { body: '0123456789', isWhole: true }],
    ['that is longer', [sized('0123456789a')], { body: '0123456789a', isWhole: false }],
    [
      'in chunks that get longer',
      [chunked('01234567'), '3\r\n89a\r\n', '2\r\nbc\r\n', END],
      { body: '0123456789abc', isWhole: false },
    ],
    ['in one chunk that is longer', [chunked('0123456789abc'), END], { body: '0123456789abc', isWhole: false }],
    ['that ends with the connection', [`${head()}0123`, null], { body: '0123', isWhole: false }],
    ['after an interim response', [`HTTP/1.1 102 Wait\r\n\r\n${sized('01')}`], { body: '01', isWhole: true }],
    ['of an error', ['HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'], { body: 'no', isWhole: false }],
    ['of a part', ['HTTP/1.1 206 Part\r\nContent-Length: 2\r\n\r\nab'], { body: 'ab', isWhole: false }],
  ])('%s', async (_what, pieces, expected) => {
    expect(await ask(pieces)).toMatchObject({ ...expected, error: null });
    expect(await ask(pieces, 0)).toMatchObject({ body: expected.body, isWhole: false, error: null });
  });

  it('fails its request when it is cut off', async () => {
    const { status, body, error } = await ask([sized('01', 4), null]);
    expect([status, body]).toEqual([null, '']);
    expect(error).toBeInstanceOf(Error);
  });

  it('still has its bytes when its end is cut off', async () => {
    const { status, body, isWhole, error } = await ask([chunked('0123'), null]);
    expect({ status, body, isWhole }).toEqual({ status: 200, body: '0123', isWhole: false });
    expect(error).toBeInstanceOf(Error);
  });

  it('is read on the connection of the request before', async () => {
    await using stage = await createHttpStage(
      { serve: (socket, { number }) => void write(socket, [sized(String(number))]) },
      { agent },
    );
    const bodies = [];
    for (let index = 0; index < 3; index += 1) bodies.push((await stage.ask('GET', { wholeBytesMax: MAX })).body);
    expect([bodies, stage.sockets.length]).toEqual([['1', '2', '3'], 1]);
  });
});

it('reports a body that stalls', async () => {
  const { promise: isSent, resolve } = Promise.withResolvers<void>();
  await using stage = await createHttpStage({
    serve: (socket) => void write(socket, [sized('01', 4)]).then(resolve),
  });
  const answer = stage.ask('GET', { wholeBytesMax: MAX });
  await isSent;
  for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate);
  await stage.clock.advance(31_000);
  const { error } = await answer;
  expect(error).toBeInstanceOf(TransferFault);
  expect(error).toMatchObject({ word: 'stalled_body' });
});
