import type { ServerResponse } from 'node:http';
import type { FaultRule } from './fault.ts';
import type { WireAnswer } from './wire.ts';

/** A page such as a proxy or a login sends, with a status that says that all is well. */
const PAGE = '<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>';

/** Sends an answer, or what a fault makes of it. */
export function sendWithFault(
  response: ServerResponse,
  answer: WireAnswer,
  { fault, isHead }: { fault: FaultRule | null; isHead: boolean },
): void {
  const body = Buffer.from(answer.body);
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault?.effect.kind) {
    case undefined:
    case 'error':
    case 'latency':
      sendHead(response, answer, body.length);
      response.end(isHead ? undefined : body);
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
      sendHead(response, answer, body.length);
      response.write(half, () => response.destroy());
      return;
    case 'stall':
      sendHead(response, answer, body.length);
      response.write(half);
      return;
    case 'corrupt':
      sendHead(response, answer, body.length);
      response.end(isHead ? undefined : changeOneByte(body));
  }
}

function sendHead(response: ServerResponse, { status, headers }: WireAnswer, length: number): void {
  const hasBody = status !== 204 && status !== 304;
  response.writeHead(status, hasBody ? { ...headers, 'content-length': length } : headers);
}

function changeOneByte(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  if (changed.length > 0) changed[0] = (255 - (changed[0] ?? 0)) % 256;
  return changed;
}
