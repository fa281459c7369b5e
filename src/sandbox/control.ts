import type { IncomingMessage, ServerResponse } from 'node:http';
import { BreakwaterError } from '../errors.ts';
import type { Faults } from './faults/fault.ts';
import { parseFault } from './faults/fault-text.ts';
import { readBody } from './protocol/read-body.ts';
import type { RequestLog } from './request-log.ts';

/** Not a valid bucket name, so it cannot collide with one. */
export const CONTROL_PATH = '/_sandbox/';

/** The only host names accepted, to refuse a web page whose own name resolves to this machine. */
const LOCAL_HOST = /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/;

interface ControlContext {
  readonly faults: Faults;
  readonly log: RequestLog;
}

/**
 * The control API of the sandbox: `GET`, `POST` and `DELETE` of `/_sandbox/faults`, `DELETE` of one fault by id, and
 * `GET` and `DELETE` of `/_sandbox/requests`. Responses are JSON; a fault is posted as text.
 */
export async function respondToControl(
  request: IncomingMessage,
  response: ServerResponse,
  context: ControlContext,
): Promise<void> {
  const isLocal = LOCAL_HOST.test(request.headers.host ?? '') && request.headers.origin === undefined;
  if (!isLocal) {
    send(response, 403, { error: 'the control path is for this machine only' });
    return;
  }
  const path = (request.url ?? '').slice(CONTROL_PATH.length).replace(/\/$/, '');
  const body = (await readBody(request)).toString().trim();
  try {
    const [status, reply] = control(`${request.method ?? ''} ${path}`, body, context);
    send(response, status, reply);
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    send(response, 400, { error: error.message, hint: error.details.hint });
  }
}

function control(what: string, body: string, { faults, log }: ControlContext): readonly [number, unknown] {
  switch (what) {
    case 'GET faults':
      return [200, { faults: faults.list().map(({ id, text, hits }) => ({ id, fault: text, hits })) }];
    case 'POST faults':
      return [201, { id: faults.add(parseFault(body), body) }];
    case 'DELETE faults':
      faults.clear();
      return [200, { faults: [] }];
    case 'GET requests':
      return [200, { requests: log.list() }];
    case 'DELETE requests':
      log.clear();
      return [200, { requests: [] }];
    default: {
      const id = /^DELETE faults\/(\d+)$/.exec(what)?.[1];
      if (id !== undefined && faults.remove(Number(id))) return [200, { removed: Number(id) }];
      return [404, { error: 'not found; try faults, faults/ID or requests' }];
    }
  }
}

function send(response: ServerResponse, status: number, reply: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(reply)}\n`);
}
