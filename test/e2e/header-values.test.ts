import { describe, expect, it } from 'vitest';
import { AGENTS, createHttpStage } from '../support/raw-server.ts';

const LINES: readonly string[] = [
  'x-a: plain',
  'x-a:no-blank',
  'x-a: \t  blanks around\t  ',
  'x-a: tab\twithin',
  'x-a:',
  'x-a: ',
  'x-a: caf\u00E9 \u00FF\u0080',
  'x-a: a\r b',
  'x-a: a\rb',
  'x-a: a\r',
  'x-a: a\0b',
  'x-a: a\u0001b',
  'x-a: a\u007Fb',
  'x-a: a\u000Bb',
  'x-a: a\nx-b: b',
  'x-a: a\n',
  'x-a: one\r\n two',
  'x-a: one\r\n\ttwo',
  'x-a: one\r\nX-A: two',
  'x-a : one',
  ' x-a: one',
  'x-a',
  ': value',
  'x\u00E9: one',
  'x a: one',
  'x-a: "quoted, value"',
  '__proto__: x',
  'constructor: x',
];

/** undici leaves the blanks that follow a value; they are no part of it (RFC 9112, section 5.1). */
const trimEnds = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace(/[\t ]+$/, '')]));

describe('our reader of headers', () => {
  it.each(LINES)('takes or refuses %j as undici does', async (line) => {
    const text = `HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 2\r\n\r\nok`;
    const outcomes: unknown[] = [];
    for (const agent of AGENTS) {
      await using stage = await createHttpStage({ serve: (socket) => void socket.write(text, 'latin1') }, { agent });
      const { status, body, headers } = await stage.ask('GET');
      outcomes.push({ status, body, headers: trimEnds(headers) });
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
  });
});
