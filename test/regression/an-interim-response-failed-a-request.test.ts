// Met: a `100 Continue` that nobody had requested failed uploads and listings as a broken connection, and a server that sent
//   interim responses for ever kept a request waiting for ever.
// Cause: undici takes such a 100 for an error, and each interim response counted as progress.
// Fix: our own connections send every request and skip interim responses. They are limited in number, and not progress
//   (src/http/http-handler.ts).
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { AGENTS, createHttpStage, OK } from '../support/raw-server.ts';

const INTERIM = 'HTTP/1.1 102 Processing\r\n\r\n';

describe('an interim response', () => {
  it.each([
    ['100 Continue', 'GET'],
    ['100 Continue', 'PUT'],
    ['102 Processing', 'POST'],
    ['103 Early Hints', 'HEAD'],
  ])('%s that nobody requested is skipped for %s', async (status, method) => {
    const interim = `HTTP/1.1 ${status}\r\nLink: </x>\r\n\r\n`;
    const final = method === 'HEAD' ? OK.slice(0, -2) : OK;
    await using stage = await createHttpStage({ serve: (socket) => void socket.write(interim.repeat(3) + final) });
    for (let index = 0; index < 2; index += 1) {
      expect(await stage.ask(method, { body: method === 'GET' ? '' : 'x' })).toMatchObject({
        status: 200,
        error: null,
      });
    }
  });

  it.each(AGENTS)('is one of 32 at most (%s)', async (agent) => {
    await using stage = await createHttpStage(
      {
        serve: (socket) => {
          const timer = setInterval(() => socket.write(INTERIM), 1);
          socket.on('close', () => clearInterval(timer));
        },
      },
      { agent },
    );
    expect(await stage.ask('GET')).toMatchObject({ status: null, error: { word: 'not_s3' } });
  });

  it('does not extend the time for the response', async () => {
    await using stage = await createHttpStage({ serve: (socket) => void socket.write(INTERIM) });
    const asked = stage.ask('GET');
    await vi.waitFor(() => expect(stage.seen).toHaveLength(1), PATIENCE);
    for (let seconds = 0; seconds < 70; seconds += 5) {
      stage.sockets[0]?.write(INTERIM);
      for (let turns = 0; turns < 5; turns += 1) await turn();
      await stage.clock.advance(5000);
    }
    expect(await asked).toMatchObject({ status: null, error: { word: 'response_timeout' } });
  });
});
