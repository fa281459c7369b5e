/**
 * Met: a page in a browser that pointed its own name at 127.0.0.1 (DNS rebinding) could read bucket names from
 * `metrics --serve`. A request in absolute form was a 404.
 * Cause: the server looked at the path alone, not at the host that the request names.
 * Fix: names that others can point here are answered with 421, unless --allow-host names them.
 */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { serveMetrics } from '../../src/metrics/serve.ts';

async function ask(port: number, head: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${head}\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text.split('\r\n')[0] ?? '';
}

it('answers only names that nobody else can point here', async () => {
  const server = await serveMetrics({
    host: '127.0.0.1',
    port: 0,
    allowedHosts: ['metrics.internal'],
    print: async () => await Promise.resolve('x 1\n'),
  });
  const port = Number(new URL(server.url).port);
  try {
    const heads = [
      `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}`,
      'GET /metrics HTTP/1.1\r\nHost: metrics.internal',
      `GET http://127.0.0.1:${port}/metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}`,
      'GET /metrics HTTP/1.1\r\nHost: evil.example',
      'GET /healthz HTTP/1.1\r\nHost: evil.example',
      `GET http://evil.example/metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}`,
      // Not a request (RFC 9112, 3.2), whichever of them is read.
      `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example`,
    ];
    const lines = await Promise.all(heads.map(async (head) => await ask(port, head)));
    expect(lines.map((line) => line.split(' ')[1])).toEqual(['200', '200', '200', '421', '421', '421', '400']);
  } finally {
    await server.close();
  }
});
