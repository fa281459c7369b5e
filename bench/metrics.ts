import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/clock.ts';
import type { Event } from '../src/events.ts';
import { printMetrics } from '../src/metrics/print.ts';
import { MetricsRecorder } from '../src/metrics/recorder.ts';
import { openState } from '../src/state/open-state.ts';

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const SCRAPES = 300;
const BUCKETS = [1, 20, 100] as const;
/** The unit of proc_pid_stat(5) on Linux: hundredths of a second. */
const TICK_MS = 10;

/** CPU time of one scrape of `metrics --serve`, beside that of writing the same text without a server or a file. */
export async function run(): Promise<void> {
  console.log(`CPU time per scrape over ${SCRAPES} scrapes of metrics --serve`);
  console.log('buckets  series lines  scrape ms  text alone ms  ratio');
  for (const buckets of BUCKETS) {
    const { scrapeMs, textMs, lines } = await measure(buckets);
    console.log(
      [
        String(buckets).padStart(7),
        String(lines).padStart(13),
        scrapeMs.toFixed(2).padStart(10),
        textMs.toFixed(2).padStart(14),
        `${(scrapeMs / textMs).toFixed(1)} x`.padStart(6),
      ].join(' '),
    );
  }
}

async function measure(buckets: number) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  try {
    const state = openState({ directory, clock: systemClock, onWarning: console.error });
    const recorder = new MetricsRecorder(systemClock);
    for (let index = 0; index < buckets; index += 1) recorder.read(finish(`bucket-${index}`));
    const deltas = recorder.peek();
    state.metrics.add(() => deltas);
    const measured = { totals: state.metrics.read(), circuits: [], nowMs: 0, version: 'bench' };
    const before = process.cpuUsage();
    for (let index = 0; index < SCRAPES; index += 1) await printMetrics(measured, 'prometheus');
    const { user, system } = process.cpuUsage(before);
    const text = await printMetrics(measured, 'prometheus');
    state.close();
    return {
      scrapeMs: await scrape(directory),
      textMs: (user + system) / 1000 / SCRAPES,
      lines: text.split('\n').length,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function scrape(directory: string): Promise<number> {
  const env = { ...process.env, BREAKWATER_STATE_DIR: directory, AWS_REGION: 'eu-west-1' };
  const child = spawn(process.execPath, [BIN, 'metrics', '--serve', '--listen', '0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const url = await new Promise<string>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        const found = /served at (\S+);/.exec(chunk.toString())?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    for (let index = 0; index < 20; index += 1) await (await fetch(url)).text();
    const before = await readCpuMs(child.pid);
    for (let index = 0; index < SCRAPES; index += 1) await (await fetch(url)).text();
    return ((await readCpuMs(child.pid)) - before) / SCRAPES;
  } finally {
    child.kill();
  }
}

async function readCpuMs(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${String(pid)}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function finish(bucket: string): Event {
  return {
    kind: 'operation_finished',
    operation: 'put_object',
    bucket,
    result: 'success',
    code: null,
    durationMs: 30,
    bytes: 1,
  };
}
