import type { IncomingMessage } from 'node:http';
import type { FaultRule } from './fault.ts';
import { readBody } from '../protocol/read-body.ts';
import type { SandboxOperation } from '../protocol/wire.ts';

/** Requests that carry the bytes of an object: of these it is their body that a fault cuts, stops or changes. */
const CARRIERS: ReadonlySet<SandboxOperation> = new Set(['PutObject', 'UploadPart']);

/** What came, and whether the fault has thereby had its effect. */
export type Received =
  | { readonly kind: 'whole'; readonly raw: Buffer; readonly isHit: boolean }
  /** The connection was reset, or nothing more will be read from it: there is nobody to answer. */
  | { readonly kind: 'given_up' };

interface Receiving {
  readonly operation: SandboxOperation;
  readonly fault: FaultRule | null;
  /** Told how many bytes have come, as they come. */
  readonly onBytes: (count: number) => void;
}

/** Reads a body, or what a fault makes of it. @throws whatever `readBody` throws */
export async function receiveBody(
  request: IncomingMessage,
  { operation, fault, onBytes }: Receiving,
): Promise<Received> {
  const effect = CARRIERS.has(operation) ? fault?.effect.kind : undefined;
  if (effect === 'truncate' || effect === 'stall') {
    await readHalf(request, onBytes);
    if (effect === 'truncate') request.socket.resetAndDestroy();
    return { kind: 'given_up' };
  }
  const raw = await readBody(request, onBytes);
  return effect === 'corrupt'
    ? { kind: 'whole', raw: changeMiddleByte(raw), isHit: true }
    : { kind: 'whole', raw, isHit: false };
}

/** Takes half of the body and no more: what is sent after that fills the connection, and stays there. */
async function readHalf(request: IncomingMessage, onBytes: Receiving['onBytes']): Promise<void> {
  let left = Number(request.headers['content-length'] ?? 2) / 2;
  await new Promise<void>((resolve) => {
    request.once('close', resolve);
    if (left <= 0) resolve();
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      onBytes(chunk.length);
      if (left > 0) return;
      request.pause();
      resolve();
    });
  });
}

/** In the middle are the bytes of the object, also where the body is framed. */
function changeMiddleByte(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const middle = Math.floor(changed.length / 2);
  if (changed.length > 0) changed[middle] = 255 - (changed[middle] ?? 0);
  return changed;
}
