import { createServer, request as forward, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestSandbox, type TestSandbox } from './sandbox.ts';

export interface GatedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface GatedStore extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  /** What the program needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** Every request, also those that were refused. */
  readonly requests: readonly GatedRequest[];
}

/**
 * A sandbox behind a server that first decides whether to pass a request on.
 * @param refuse an S3 code, or null to pass
 * @param options `hides` the headers of responses with such names
 */
export async function startGatedStore(
  refuse: (request: GatedRequest) => { readonly status: number; readonly code: string } | null,
  { hides = /^$/ }: { readonly hides?: RegExp } = {},
): Promise<GatedStore> {
  const sandbox = await startTestSandbox();
  const requests: GatedRequest[] = [];
  const server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const request = { method, url, headers };
    requests.push(request);
    const refusal = refuse(request);
    if (refusal !== null) {
      incoming.resume();
      incoming.once('end', () => sendRefusal(response, refusal));
      return;
    }
    // This server has answered `Expect` itself.
    const { expect: _, ...onwardHeaders } = headers;
    const { hostname, port } = new URL(sandbox.endpoint);
    const onward = forward({ hostname, port, method, path: url, headers: onwardHeaders }, (answer) => {
      const shown = Object.entries(answer.headers).filter(([name]) => !hides.test(name));
      response.writeHead(answer.statusCode ?? 500, Object.fromEntries(shown));
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const env = { ...sandbox.env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` };
  const dispose = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await sandbox[Symbol.asyncDispose]();
  };
  return { sandbox, env, requests, [Symbol.asyncDispose]: dispose };
}

function sendRefusal(response: ServerResponse, { status, code }: { readonly status: number; readonly code: string }) {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>refused at the gate</Message></Error>`);
}
