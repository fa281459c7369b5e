import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Debian's package `time`: the one tool that tells the peak memory of a child whatever it is written in. */
const GNU_TIME = '/usr/bin/time';
const KILL_AFTER_MS = 300_000;

export interface Command {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A real pipe on one side: from `cat` of this file, or into `wc -c`. Neither is measured. */
  readonly pipe?: { readonly from: string } | 'into_count';
  /** What it ends with; anything else is an error. @default 0 */
  readonly status?: number;
}

export interface Measured {
  readonly wallSeconds: number;
  /** User and system time of the command and its children. */
  readonly cpuSeconds: number;
  /** The largest resident set of any of its processes. */
  readonly peakBytes: number;
  /** Bytes that came out of the pipe. */
  readonly counted: number | null;
}

/**
 * Runs a command once and measures it.
 * @param reportPath where GNU time may write
 */
export async function measureCommand(
  { argv, env = {}, pipe, status: due = 0 }: Command,
  reportPath: string,
): Promise<Measured> {
  const timed = [GNU_TIME, '-o', reportPath, '-f', '%U %S %M', ...argv];
  const line = wrap(timed, pipe);
  const begunAt = process.hrtime.bigint();
  const child = spawn(line[0] ?? '', line.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: KILL_AFTER_MS });
  let output = '';
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-1000)));
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-1000)));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const wallSeconds = Number(process.hrtime.bigint() - begunAt) / 1e9;
  if (status !== due) throw new Error(`${argv.join(' ')} ended with status ${String(status)}: ${said}`);
  const [user = 0, system = 0, peakKib = 0] = lastLine(await readFile(reportPath, 'utf8'))
    .split(' ')
    .map(Number);
  const counted = pipe === 'into_count' ? Number(output) : null;
  return { wallSeconds, cpuSeconds: user + system, peakBytes: peakKib * 1024, counted };
}

/** Of a command that fails, GNU time says so first. */
function lastLine(report: string): string {
  return report.trim().split('\n').at(-1) ?? '';
}

function wrap(timed: readonly string[], pipe: Command['pipe']): readonly string[] {
  if (pipe === undefined) return timed;
  if (pipe === 'into_count') return ['bash', '-o', 'pipefail', '-c', '"$@" | wc -c', 'bench', ...timed];
  return ['bash', '-o', 'pipefail', '-c', 'cat "$1" | "${@:2}"', 'bench', pipe.from, ...timed];
}
