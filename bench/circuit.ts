import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoopOrder, LoopReport } from './circuit-loop.ts';

const LOOP = fileURLToPath(new URL('circuit-loop.ts', import.meta.url));
/** How the processes of a row work. With a pause after each operation, in ms, they are as real ones, which wait for S3 there. */
const ROWS = [
  { count: 1, pauseMs: 0 },
  { count: 8, pauseMs: 0 },
  { count: 32, pauseMs: 0 },
  { count: 8, pauseMs: 5 },
] as const;
/** Operations over all processes of one row. */
const OPERATIONS = 8000;

/** Admit + settle on one file: healthy circuits take no write lock, failing ones write each time. */
export async function run(): Promise<void> {
  console.log('admit + settle on one state file, open database');
  console.log('circuit   processes  pause ms  p50 us   p99 us  max us  p50 of 1 healthy  operations  lost');
  let base = 0;
  for (const verdict of ['success', 'failure'] as const) {
    for (const { count, pauseMs } of ROWS) {
      const { samplesNs, lost } = await measure(count, { verdict, pauseMs });
      const [p50, p99, max] = [0.5, 0.99, 1].map((share) => percentile(samplesNs, share) / 1000) as [
        number,
        number,
        number,
      ];
      base = base === 0 ? p50 : base;
      console.log(
        [
          (verdict === 'success' ? 'healthy' : 'failing').padEnd(9),
          String(count).padStart(9),
          String(pauseMs).padStart(9),
          p50.toFixed(1).padStart(7),
          p99.toFixed(1).padStart(8),
          max.toFixed(0).padStart(7),
          `${(p50 / base).toFixed(1)} x`.padStart(17),
          String(samplesNs.length).padStart(11),
          String(lost).padStart(5),
        ].join(' '),
      );
    }
  }
}

async function measure(count: number, how: Pick<LoopOrder, 'verdict' | 'pauseMs'>): Promise<LoopReport> {
  const base = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  try {
    const order: LoopOrder = { directory: join(base, 'state'), ...how, rounds: Math.ceil(OPERATIONS / count) };
    const loops = Array.from({ length: count }, () => startLoop(order));
    await Promise.all(loops.map(async ({ ready }) => await ready));
    for (const { begin } of loops) begin();
    const reports = await Promise.all(loops.map(async ({ ended }) => await ended));
    return {
      samplesNs: reports.flatMap(({ samplesNs }) => samplesNs),
      lost: reports.reduce((sum, { lost }) => sum + lost, 0),
    };
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

function startLoop(order: LoopOrder) {
  const child = spawn(process.execPath, [LOOP, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 120_000,
  });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.startsWith('ready\n')) resolve();
    });
  });
  const ended = new Promise<LoopReport>((resolve, reject) => {
    child.once('close', (status) => {
      if (status === 0) resolve(JSON.parse(output.split('\n')[1] ?? '') as LoopReport);
      else reject(new Error(`a process of the benchmark ended with status ${String(status)}`));
    });
  });
  return { ready, ended, begin: () => child.stdin.end('go\n') };
}

function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
