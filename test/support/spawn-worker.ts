import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WorkerOrder, WorkerReport } from './circuit-worker.ts';

const SCRIPT = fileURLToPath(new URL('circuit-worker.ts', import.meta.url));

export interface Worker {
  readonly child: ChildProcess;
  /** It has opened the state and begins. */
  readonly ready: Promise<void>;
  /** What it reports; null where it was killed. */
  readonly ended: Promise<WorkerReport | null>;
}

/** Starts a real process that works one circuit. It is killed after five minutes, whatever happens. */
export function spawnWorker(order: WorkerOrder): Worker {
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 300_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.startsWith('ready\n')) resolve();
    });
    child.once('close', () => resolve());
  });
  const ended = new Promise<WorkerReport | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      if (signal === 'SIGKILL') resolve(null);
      else if (status === 0) resolve(JSON.parse(output.split('\n')[1] ?? '') as WorkerReport);
      else reject(new Error(`a worker ended with status ${String(status)}`));
    });
  });
  return { child, ready, ended };
}
