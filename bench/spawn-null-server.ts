import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('null-s3/server.ts', import.meta.url));
/** The unit of proc_pid_stat(5) on Linux: hundredths of a second. */
const TICKS_PER_SECOND = 100;

export interface NullServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** CPU time it has used so far, in seconds: near the wall time of a run, it would be what is measured. */
  readonly cpuSeconds: () => Promise<number>;
}

export interface NullServerOptions {
  /** Before each answer. @default 0 */
  readonly delayMs?: number;
  /** Tell checksums also to who does not ask for them, as some stores do. @default false */
  readonly tellsUnasked?: boolean;
}

/** Starts the null server as a process of its own; see `null-s3/respond.ts` for what it has. Its bucket is `bench`. */
export async function spawnNullServer({
  delayMs = 0,
  tellsUnasked = false,
}: NullServerOptions = {}): Promise<NullServer> {
  const args = [SERVER, '--delay', String(delayMs), ...(tellsUnasked ? ['--unasked'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    child.once('exit', (status) => reject(new Error(`the null server ended with status ${String(status)}`)));
  });
  const { port } = JSON.parse(line) as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
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
