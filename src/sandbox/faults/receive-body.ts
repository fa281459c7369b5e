import type { IncomingMessage } from 'node:http';
import type { FaultRule } from './fault.ts';
import { readBody } from '../protocol/read-body.ts';
import type { SandboxOperation } from '../protocol/wire.ts';

/** Requests that contain an object's bytes. A fault affects their body rather than the response. */
const CARRIERS: ReadonlySet<SandboxOperation> = new Set(['PutObject', 'UploadPart']);

/** The received body, and whether the fault was applied to it. */
export type Received =
  | { readonly kind: 'whole'; readonly raw: Buffer; readonly isHit: boolean }
  /** The connection was reset or is no longer read, so no response is sent. */
  | { readonly kind: 'given_up' };

interface Receiving {
  readonly operation: SandboxOperation;
  readonly fault: FaultRule | null;
  /** Receives the size of each chunk that arrives. */
  readonly onBytes: (count: number) => void;
}

/** Reads a body, modified by the fault if there is one. @throws any error of `readBody` */
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
  if (effect !== 'corrupt') return { kind: 'whole', raw, isHit: false };
  // The middle is part of the object's bytes, even if the body is framed.
  return { kind: 'whole', raw: changeByte(raw, Math.floor(raw.length / 2)), isHit: true };
}

/** Reads half of the body; the rest stays in the connection. */
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

/** A copy of a body with one byte changed. */
export function changeByte(body: Buffer, index: number): Buffer {
  const changed = Buffer.from(body);
  if (changed.length > 0) changed[index] = 255 - (changed[index] ?? 0);
  return changed;
}
