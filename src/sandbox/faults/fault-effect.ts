import type { ServerResponse } from 'node:http';
import type { FaultRule } from './fault.ts';
import { changeByte } from './receive-body.ts';
import type { WireResponse } from '../protocol/wire.ts';

/** A page with status 200, like those of proxies and logins. */
const PAGE = '<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>';

/** Bodies are sent in pieces of this size, so that the bytes sent are known even if the client disconnects. */
const PIECE_BYTES = 64 * 1024;

interface Sending {
  readonly fault: FaultRule | null;
  readonly isHead: boolean;
  /** Receives the size of each piece sent. */
  readonly onBytes: (count: number) => void;
}

/** Sends a response, modified by the fault if there is one. */
export async function sendWithFault(
  response: ServerResponse,
  reply: WireResponse,
  { fault, isHead, onBytes }: Sending,
): Promise<void> {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault?.effect.kind) {
    case undefined:
    case 'error':
    case 'latency':
      sendHead(response, reply, body.length);
      if (!isHead) await sendBody(response, body, onBytes);
      response.end();
      return;
    case 'reset':
    case 'lost':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': PAGE.length });
      response.end(isHead ? undefined : PAGE);
      return;
    case 'truncate':
      sendHead(response, reply, body.length);
      response.flushHeaders();
      await sendBody(response, half, onBytes);
      response.socket?.destroySoon();
      return;
    case 'stall':
      sendHead(response, reply, body.length);
      response.flushHeaders();
      await sendBody(response, half, onBytes);
      return;
    case 'corrupt':
      sendHead(response, reply, body.length);
      if (!isHead) await sendBody(response, changeByte(body, 0), onBytes);
      response.end();
  }
}

/** Writes no faster than the client reads, and stops if it disconnects. */
async function sendBody(response: ServerResponse, body: Buffer, onBytes: Sending['onBytes']): Promise<void> {
  for (let start = 0; start < body.length && !response.destroyed; start += PIECE_BYTES) {
    const piece = body.subarray(start, start + PIECE_BYTES);
    const isTaken = response.write(piece);
    onBytes(piece.length);
    if (!isTaken) await untilWritable(response);
  }
}

async function untilWritable(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function sendHead(response: ServerResponse, { status, headers }: WireResponse, length: number): void {
  const hasBody = status !== 204 && status !== 304;
  response.writeHead(status, hasBody ? { ...headers, 'content-length': length } : headers);
}
