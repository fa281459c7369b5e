import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatHttpTime, type Clock } from '../clock.ts';
import { checkBody } from './protocol/body.ts';
import type { Buckets } from './store/buckets.ts';
import type { FaultRule, Faults } from './faults/fault.ts';
import { sendWithFault } from './faults/fault-effect.ts';
import { OPERATE } from './operations/operations.ts';
import { receiveBody } from './faults/receive-body.ts';
import type { LogEntry, RequestLog } from './request-log.ts';
import { findOperation } from './protocol/routes.ts';
import { checkSignature, decodePath, type Keys } from './protocol/signature.ts';
import { Refusal, type SandboxOperation, type StoreQuirk, type WireResponse } from './protocol/wire.ts';
import { writeError, type ErrorFields } from './protocol/xml.ts';

export interface SandboxContext {
  readonly buckets: Buckets;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly quirks: ReadonlySet<StoreQuirk>;
  readonly newId: () => string;
}

interface Head {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly on: 'service' | 'bucket' | 'object';
  readonly bucket: string;
  readonly key: string;
}

/** Reads one S3 request, executes it or applies a fault, and sends the response. */
export async function respondToRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: SandboxContext,
): Promise<void> {
  const { clock, log, newId } = context;
  const method = request.method ?? '';
  const url = request.url ?? '/';
  const sdkAttempt = request.headers['amz-sdk-request'];
  const entry = log.start({ method, url, sdkAttempt: typeof sdkAttempt === 'string' ? sdkAttempt : null });
  const requestId = newId().slice(0, 16).toUpperCase();
  response.setHeader('x-amz-request-id', requestId);
  response.setHeader('x-amz-id-2', Buffer.from(requestId).toString('base64'));
  response.setHeader('server', 'breakwater-sandbox');
  response.setHeader('date', formatHttpTime(clock.now()));
  try {
    await fulfil({ request, response, head: readHead(request, method, url), entry }, context);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    entry.status = error.status;
    entry.code = error.code;
    log.end(entry);
    // The unread rest of the body must not be parsed as the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
    const { code, message, status, elements } = error;
    sendRefusal(response, {
      code,
      message,
      status,
      elements,
      resource: url.split('?')[0] ?? '',
      requestId,
      isHead: method === 'HEAD',
    });
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: Head;
  readonly entry: LogEntry;
}

/** @throws Refusal */
async function fulfil({ request, response, head, entry }: Exchange, context: SandboxContext): Promise<void> {
  const { clock, log, faults } = context;
  const { bucket, key } = head;
  Object.assign(entry, { bucket, key });
  const operation = findOperation(head);
  entry.operation = operation;
  const fault = faults.take({ operation, bucket, key });
  entry.fault = fault?.effect.kind ?? null;
  const received = await receiveBody(request, {
    operation,
    fault,
    onBytes: (count) => (entry.receivedBytes += count),
  });
  if (fault !== null && fault.latencyMs > 0) await clock.sleep(fault.latencyMs);
  if (received.kind === 'given_up') {
    log.end(entry);
    return;
  }
  const { raw, isHit } = received;
  const reply = fault?.effect.kind === 'error' ? failBy(fault.effect) : operate(operation, head, raw, context);
  entry.status = reply.status;
  log.end(entry);
  await sendWithFault(response, reply, {
    fault: isHit ? null : fault,
    isHead: head.method === 'HEAD',
    onBytes: (count) => (entry.sentBytes += count),
  });
}

export function sendRefusal(
  response: ServerResponse,
  refusal: ErrorFields & { readonly status: number; readonly isHead?: boolean },
): void {
  const { status, isHead = false, ...fields } = refusal;
  const body = writeError(fields);
  response.writeHead(
    status,
    isHead ? {} : { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) },
  );
  response.end(isHead ? undefined : body);
}

function readHead(request: IncomingMessage, method: string, url: string): Head {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const [, bucketText = '', ...keySegments] = path.split('/');
  const bucket = decodePath(bucketText);
  const key = decodePath(keySegments.join('/'));
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  // A plus sign in a query is literal, because signing clients encode spaces as %20.
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1).replaceAll('+', '%2B'));
  const on = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  return { method, path, query, headers, on, bucket, key };
}

function operate(operation: SandboxOperation, head: Head, raw: Buffer, context: SandboxContext): WireResponse {
  const { buckets, clock, faults, keys, quirks } = context;
  const signer = checkSignature(head, keys, clock.now());
  const { body, checksum } = checkBody({ raw, headers: head.headers, operation, signer });
  const failEntry = (bucket: string, key: string): string | null => {
    const effect = faults.take({ operation: 'DeleteObjectsEntry', bucket, key })?.effect;
    return effect?.kind === 'error' ? effect.code : null;
  };
  const operationContext = { buckets, nowMs: clock.now(), quirks, failEntry };
  return OPERATE[operation]({ ...head, operation, body, checksum }, operationContext);
}

/** The error response of a fault. Its status may be 200. */
function failBy(effect: Extract<FaultRule['effect'], { kind: 'error' }>): WireResponse {
  const { status, code, retryAfterSeconds } = effect;
  const headers = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
  const body = writeError({
    code,
    message: 'injected by the sandbox',
    resource: '',
    requestId: 'FAULT',
  });
  return { status, headers: { ...headers, 'content-type': 'application/xml' }, body };
}
