/**
 * The whole suite against Ceph once more with a real proxy (tinyproxy) in between: plain requests, then CONNECT. The
 * proxy connects from an address of its own, so that the store's side can tell what went around it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { makeCertificate } from '../support/certificate.ts';

const PREFIX = 'BREAKWATER_TEST_CEPH_';
/** Where the proxy connects from; everything else uses 127.0.0.1. */
const PROXY_ADDRESS = '127.0.0.2';

const store = process.env[`${PREFIX}ENDPOINT`];
const missing = ['tinyproxy', 'openssl'].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);

/** Passes connections on to the store, and counts them by the address that they come from. */
async function startFront(
  secure: { key: Buffer; cert: Buffer } | null,
): Promise<{ server: Server; port: number; peers: Map<string, number> }> {
  const peers = new Map<string, number>();
  const pass = (socket: Socket): void => {
    const { remoteAddress = '' } = socket;
    peers.set(remoteAddress, (peers.get(remoteAddress) ?? 0) + 1);
    const back = connect(Number(new URL(store ?? '').port), '127.0.0.1');
    socket.on('error', () => back.destroy()).on('close', () => back.destroy());
    back.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(back).pipe(socket);
  };
  const server = secure === null ? createServer(pass) : createTlsServer(secure, pass);
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, peers };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function waitForPort(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('tinyproxy did not start');
}

async function runSuite(env: Readonly<Record<string, string>>): Promise<number> {
  const suite = spawn('npx', ['vitest', 'run', 'test/real-store/ceph.test.ts'], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const [status] = (await once(suite, 'exit')) as [number | null];
  return status ?? 1;
}

async function runThrough(scheme: 'http' | 'https', directory: string): Promise<boolean> {
  const certificate = makeCertificate(directory);
  const front = await startFront(scheme === 'http' ? null : { key: certificate.key, cert: certificate.cert });
  const port = await findFreePort();
  const log = join(directory, `${scheme}.log`);
  const config = join(directory, `${scheme}.conf`);
  const lines = [`Port ${port}`, 'Listen 127.0.0.1', `Bind ${PROXY_ADDRESS}`, 'Allow 127.0.0.1', 'MaxClients 500'];
  writeFileSync(config, [...lines, 'Timeout 120', `LogFile "${log}"`, 'LogLevel Connect', ''].join('\n'));
  const proxy = spawn('tinyproxy', ['-d', '-c', config], { stdio: 'ignore' });
  try {
    await waitForPort(port);
    const status = await runSuite({
      [`${PREFIX}PROGRAM_ENDPOINT`]: `${scheme}://127.0.0.1:${front.port}`,
      [`${PREFIX}PROGRAM_ENV`]: JSON.stringify({
        [`${scheme.toUpperCase()}_PROXY`]: `http://127.0.0.1:${port}`,
        ...(scheme === 'https' ? { AWS_CA_BUNDLE: certificate.path } : {}),
      }),
    });
    const requests = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('Request ('));
    const form = scheme === 'https' ? `CONNECT 127.0.0.1:${front.port}` : ` http://127.0.0.1:${front.port}/`;
    const odd = requests.filter((line) => !line.includes(form));
    const around = [...front.peers].filter(([address]) => address !== PROXY_ADDRESS);
    console.log(
      `${scheme}: status ${status}, ${requests.length} requests in the proxy's log, ${odd.length} of another form;`,
    );
    console.log(`connections at the store's side by address: ${JSON.stringify(Object.fromEntries(front.peers))}`);
    return status === 0 && requests.length > 100 && odd.length === 0 && around.length === 0;
  } finally {
    proxy.kill();
    front.server.close();
  }
}

if (store === undefined || missing.length > 0) {
  const needs = store === undefined ? `${PREFIX}ENDPOINT and keys` : missing.join(' and ');
  console.log(`skipped: the suite through a proxy needs ${needs}`);
} else {
  const directory = mkdtempSync(join(tmpdir(), 'breakwater-proxy-'));
  try {
    const isRight = (await runThrough('http', directory)) && (await runThrough('https', directory));
    process.exitCode = isRight ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
