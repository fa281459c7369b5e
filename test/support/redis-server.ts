import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, isInstalled } from './debian-server.ts';

/** Redis and Valkey, as Debian packages them; each says in one line that it is skipped where it is not here. */
export const ENGINES = ['redis-server', 'valkey-server'].filter((program) =>
  isInstalled(program, `the fleet's circuits on ${program}`),
);

export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Sends a signal: SIGSTOP pauses it. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Ends it at once, as a crash does. */
  readonly crash: () => Promise<void>;
  /** Starts it again, empty, on the same port. */
  readonly restart: () => Promise<void>;
  /** Sends one command of an administrator, and returns the answer as it came. */
  readonly command: (...words: readonly string[]) => Promise<string>;
}

/** Starts a server on the loopback, with nothing on a disk, and waits until it answers. */
export async function startRedis(program = 'redis-server', args: readonly string[] = []): Promise<TestRedis> {
  const port = await findFreePort();
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-redis-'));
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory];
  const start = async (): Promise<ChildProcess> => {
    const started = spawn(program, [...fixed, ...args], { stdio: 'ignore' });
    await waitUntilAnswering(port);
    return started;
  };
  let child = await start();
  const crash = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    kill: (signal) => void child.kill(signal),
    crash,
    restart: async () => {
      await crash();
      child = await start();
    },
    command: async (...words) => await sendCommand(port, words),
    [Symbol.asyncDispose]: async () => {
      await crash();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function waitUntilAnswering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await sendCommand(port, ['PING']).catch(() => '');
    if (answer !== '') return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the server does not answer');
}

/** One inline command on a connection of its own; enough for tests, without the client that is tested. */
async function sendCommand(port: number, words: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return await new Promise<string>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().trim());
    });
    socket.write(`*${words.length}\r\n${parts.join('')}`);
  });
}
