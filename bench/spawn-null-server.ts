import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../test/support/certificate.ts';

const SERVER = fileURLToPath(new URL('null-s3/server.ts', import.meta.url));
/** The unit of proc_pid_stat(5) on Linux: hundredths of a second. */
const TICKS_PER_SECOND = 100;

export interface NullServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; with TLS, `https://...`. */
  readonly endpoint: string;
  /** The same without TLS, for questions of the benchmark itself. */
  readonly ownEndpoint: string;
  /** The file of the certificate to trust; null without TLS. */
  readonly certificate: string | null;
  /** CPU time it has used so far, in seconds: near the wall time of a run, it would be what is measured. */
  readonly cpuSeconds: () => Promise<number>;
}

export interface NullServerOptions {
  /** Before each answer. @default 0 */
  readonly delayMs?: number;
  /** Tell checksums also to who does not ask for them, as some stores do. @default false */
  readonly tellsUnasked?: boolean;
  /** Serves over TLS, with a certificate that is made here. @default without TLS */
  readonly tlsDirectory?: string;
  /** Changes a byte of every body that comes or goes, as a broken network does. @default false */
  readonly corrupts?: boolean;
}

/** Starts the null server as a process of its own; see `null-s3/respond.ts` for what it has. Its bucket is `bench`. */
export async function spawnNullServer(options: NullServerOptions = {}): Promise<NullServer> {
  const { delayMs = 0, tellsUnasked = false, tlsDirectory, corrupts = false } = options;
  const certificate = tlsDirectory === undefined ? null : makeCertificate(tlsDirectory).path;
  const args = [
    SERVER,
    '--delay',
    String(delayMs),
    ...(tellsUnasked ? ['--unasked'] : []),
    ...(corrupts ? ['--corrupt'] : []),
    ...(tlsDirectory === undefined ? [] : ['--tls', tlsDirectory]),
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    child.once('exit', (status) => reject(new Error(`the null server ended with status ${String(status)}`)));
  });
  const { port, tlsPort } = JSON.parse(line) as { port: number; tlsPort: number | null };
  const ownEndpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint: tlsPort === null ? ownEndpoint : `https://127.0.0.1:${tlsPort}`,
    ownEndpoint,
    certificate,
    cpuSeconds: async () => {
      const fields = (await readFile(`/proc/${String(child.pid)}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
