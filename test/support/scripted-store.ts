import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { runInProcess } from './in-process.ts';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';

export interface ScriptedRequest {
  readonly kind: 'list' | 'get' | 'head' | 'put';
  readonly key: string;
  /** 1 for the first of its kind. */
  readonly number: number;
}

interface Script {
  readonly objects: Readonly<Record<string, string>>;
  /** The pages of every listing, in place of the keys below the prefix. */
  readonly pages?: readonly (readonly string[])[];
  /** An entry of a listing, in place of the object's. */
  readonly entry?: (key: string) => { readonly etag?: string; readonly size?: number; readonly modified?: string };
  /** What a GET or a HEAD is answered with, in place of the object; null for the object itself. */
  readonly answer?: (key: string) => { readonly text: string; readonly headers?: Record<string, string> } | null;
  /** Called when an object has been answered; may write more to its connection. */
  readonly afterObject?: (request: ScriptedRequest, again: () => void) => void;
  /** Whether HEAD is denied. */
  readonly deniesHead?: boolean;
  /** Objects that may not be written. */
  readonly refuses?: (key: string) => boolean;
  /** Called before a request is answered. */
  readonly before?: (request: ScriptedRequest, objects: Map<string, string>) => void;
}

/** A bucket `bkt` behind a real socket that lists and answers as its script says, which no healthy store would. */
export async function startScriptedStore(script: Script) {
  const objects = new Map(Object.entries(script.objects));
  const asked: ScriptedRequest[] = [];
  const server = createServer((request, response) => {
    const one = { ...readRequest(request), number: 0 };
    const numbered = { ...one, number: asked.filter(({ kind }) => kind === one.kind).length + 1 };
    asked.push(numbered);
    script.before?.(numbered, objects);
    if (one.kind === 'put') void storeObject(request, response, { key: one.key, objects, refuses: script.refuses });
    else if (one.kind === 'list') sendPage(response, listPage(request, objects, script));
    else sendObject(response, objects.get(one.key), { request: numbered, script });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-scripted-'));
  const credentials = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S', AWS_REGION: 'us-east-1' };
  Object.assign(process.env, credentials);
  const env = {
    ...credentials,
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    BREAKWATER_STATE_DIR: join(directory, 'state'),
    BREAKWATER_RETRY_BASE: '1ms',
  };
  const run = async (command: typeof Get | typeof Put, argv: readonly string[]) => {
    const ended = await runInProcess(command, argv, { env, home: directory });
    const text = ended.stdout.toString();
    return { ...ended, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };
  return {
    asked,
    path: (...segments: readonly string[]) => join(directory, ...segments),
    get: async (...argv: readonly string[]) => await run(Get, argv),
    put: async (...argv: readonly string[]) => await run(Put, argv),
    /** The files below a directory, with their text. */
    files: async (name: string): Promise<Record<string, string>> => {
      const top = join(directory, name);
      const entries = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const read = async (path: string) => [path.slice(top.length + 1), await readFile(path, 'utf8')] as const;
      return Object.fromEntries(await Promise.all(paths.map(read)));
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function etagOf(text: string): string {
  return `"${createHash('md5').update(text).digest('hex')}"`;
}

function readRequest({ method, url = '' }: IncomingMessage): Pick<ScriptedRequest, 'kind' | 'key'> {
  const { pathname } = new URL(url, 'http://b');
  const key = decodeURIComponent(pathname.replace(/^\/bkt\/?/, ''));
  const kinds = { GET: 'get', HEAD: 'head', PUT: 'put' } as const;
  return { kind: key === '' ? 'list' : kinds[method as keyof typeof kinds], key };
}

function listPage({ url = '' }: IncomingMessage, objects: ReadonlyMap<string, string>, script: Script): string {
  const query = new URL(url, 'http://b').searchParams;
  const prefix = query.get('prefix') ?? '';
  const below = [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  const { pages = [below] } = script;
  const index = Number(query.get('continuation-token') ?? 0);
  const isLast = index + 1 >= pages.length;
  const entries = (pages[index] ?? []).map((key) => {
    const text = objects.get(key) ?? '';
    const {
      etag = etagOf(text),
      size = text.length,
      modified = '2024-01-01T00:00:00.000Z',
    } = script.entry?.(key) ?? {};
    const fields = `<LastModified>${modified}</LastModified><ETag>${etag}</ETag><Size>${size}</Size>`;
    return `<Contents><Key>${encodeURIComponent(key)}</Key>${fields}</Contents>`;
  });
  const more = isLast ? '' : `<NextContinuationToken>${index + 1}</NextContinuationToken>`;
  return `<ListBucketResult><Name>bkt</Name><Prefix>${prefix}</Prefix><EncodingType>url</EncodingType><IsTruncated>${!isLast}</IsTruncated>${more}${entries.join('')}</ListBucketResult>`;
}

function sendPage(response: ServerResponse, page: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${page}`);
}

async function storeObject(
  request: IncomingMessage,
  response: ServerResponse,
  { key, objects, refuses }: { key: string; objects: Map<string, string>; refuses: Script['refuses'] },
): Promise<void> {
  const text = (await buffer(request)).toString();
  if (refuses?.(key) === true) {
    response.writeHead(400, { 'content-type': 'application/xml' }).end('<Error><Code>InvalidRequest</Code></Error>');
    return;
  }
  objects.set(key, text);
  response.writeHead(200, { etag: etagOf(text) }).end();
}

function sendObject(
  response: ServerResponse,
  stored: string | undefined,
  { request, script }: { request: ScriptedRequest; script: Script },
): void {
  const { socket } = response;
  if (request.kind === 'head' && script.deniesHead === true) {
    response.writeHead(403).end();
    return;
  }
  const answer = script.answer?.(request.key) ?? null;
  const text = answer?.text ?? stored;
  if (text === undefined) {
    response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
    return;
  }
  const headers = {
    etag: etagOf(text),
    'content-length': text.length,
    // What the script has replaced since was stored later.
    'last-modified': `Mon, 01 Jan 2024 00:${stored === script.objects[request.key] ? '00' : '30'}:00 GMT`,
    ...answer?.headers,
  };
  response.writeHead(200, headers).end(text);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const again = () => socket?.write(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
  response.on('finish', () => script.afterObject?.(request, again));
}
