import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/clock.ts';
import type { Event } from '../src/events.ts';
import { ActivityRecorder } from '../src/metrics/activity-recorder.ts';
import { printMetrics } from '../src/metrics/print.ts';
import { capBuckets, MetricsRecorder } from '../src/metrics/recorder.ts';
import { openState } from '../src/state/open-state.ts';

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const SCRAPES = 300;
const FLUSHES = 1000;
const BUCKETS = [1, 20, 100] as const;
/** The unit of proc_pid_stat(5) on Linux: hundredths of a second. */
const TICK_MS = 10;

/** What it costs to be scraped, and to add what a command has measured. */
export async function run(): Promise<void> {
  await compareScrapes();
  await compareFlushes();
}

/** CPU time of one scrape of `metrics --serve`, beside that of writing the same text without a server or a file. */
async function compareScrapes(): Promise<void> {
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

/** Adding what one operation has measured to an open file, with and without the slot for the live screen. */
async function compareFlushes(): Promise<void> {
  console.log(`\ntime of one flush into an open file, median and 99th percentile of ${FLUSHES}`);
  console.log('buckets  metrics ms        with activity ms  ratio');
  for (const buckets of BUCKETS) {
    const { alone, both } = await flush(buckets);
    console.log(
      [
        String(buckets).padStart(7),
        describe(alone).padEnd(16),
        describe(both).padEnd(16),
        `${(percentile(both, 0.5) / percentile(alone, 0.5)).toFixed(2)} x`,
      ].join('  '),
    );
  }
}

async function flush(buckets: number): Promise<{ readonly alone: number[]; readonly both: number[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  const state = openState({ directory, clock: systemClock, onWarning: console.error });
  const samples: { readonly alone: number[]; readonly both: number[] } = { alone: [], both: [] };
  try {
    for (let index = 0; index < buckets; index += 1) add(state, `bucket-${index}`);
    // By turns, so that whatever else the machine does hits both.
    for (let index = 0; index < FLUSHES; index += 1) {
      const activity = new ActivityRecorder(systemClock, () => 's3-upload@bench');
      activity.read(finish('bucket-0'));
      const begunAtMs = performance.now();
      add(state, 'bucket-0');
      const addedAtMs = performance.now();
      state.activity.add(activity.take(), systemClock.now());
      samples.alone.push(addedAtMs - begunAtMs);
      samples.both.push(performance.now() - begunAtMs);
    }
    return samples;
  } finally {
    state.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function add(state: ReturnType<typeof openState>, bucket: string): void {
  const recorder = new MetricsRecorder(systemClock);
  recorder.read(finish(bucket));
  state.metrics.add((known) => capBuckets(recorder.peek(), known));
}

function describe(samples: readonly number[]): string {
  return `${percentile(samples, 0.5).toFixed(3)} / ${percentile(samples, 0.99).toFixed(3)}`;
}

function percentile(samples: readonly number[], share: number): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length * share)] ?? 0;
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
