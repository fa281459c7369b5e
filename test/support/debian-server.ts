import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';

/** Whether a program of Debian's packages is here; says in one line what is skipped where it is not. */
export function isInstalled(program: string, what: string): boolean {
  const isHere = spawnSync(program, ['--version']).error === undefined;
  if (!isHere) console.log(`skipped: ${what} needs ${program}, which is not installed`);
  return isHere;
}

/** A port that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server; it is killed at the end of the test, or with it. */
export function startServer(program: string, args: readonly string[]): AsyncDisposable {
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
