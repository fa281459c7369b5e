import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCommand, type Command, type Measured } from './measure-command.ts';
import { median } from './median.ts';
import { NULL_BLOCK } from './null-s3/pattern.ts';
import { spawnNullServer, type NullServer } from './spawn-null-server.ts';
import { bareNode, BUILDS } from './transfer/clients.ts';

/** What a command ends with that an open circuit refuses. */
const REFUSED = 75;

/** What commands cost that do not go to S3, or send or fetch 1 KiB, beside Node's own start. Options: `--rounds N`. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '21' } } });
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  await using server = await spawnNullServer();
  try {
    const commands = await prepare(directory, server);
    const samples = new Map<string, Measured[]>([...commands.keys()].map((name) => [name, []]));
    // The first round fills the compile cache.
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      for (const [name, command] of commands) {
        const sample = await measureCommand(command, join(directory, 'time'));
        if (round > 0) samples.get(name)?.push(sample);
      }
    }
    print(samples, Number(values.rounds));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The commands, in a home with an open circuit, another with closed ones, and a file to send. */
async function prepare(directory: string, server: NullServer): Promise<ReadonlyMap<string, Command>> {
  const env = {
    HOME: directory,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench-access-key',
    AWS_SECRET_ACCESS_KEY: 'bench-secret-key',
  };
  const file = join(directory, 'file');
  await writeFile(file, NULL_BLOCK.subarray(0, 1024));
  const commands = new Map<string, Command>([
    [bareNode().name, { ...bareNode().command({ kind: 'put', local: '', key: '' }), env }],
  ]);
  for (const { name, bin } of BUILDS) {
    const program = (...words: readonly string[]): Command => ({
      argv: [process.execPath, bin, ...words],
      env: { ...env, BREAKWATER_STATE_DIR: join(directory, name) },
    });
    await measureCommand(program('breaker-isolate', 's3-upload'), join(directory, 'time'));
    commands.set(`${name} --version`, program('--version'));
    commands.set(`${name} breaker-status`, program('breaker-status'));
    commands.set(`${name} put, refused`, { ...program('put', file, 's3://bucket/key'), status: REFUSED });
    const healthy = (...words: readonly string[]): Command => ({
      argv: [process.execPath, bin, ...words],
      env: { ...env, BREAKWATER_STATE_DIR: join(directory, `${name}-healthy`), AWS_ENDPOINT_URL_S3: server.endpoint },
    });
    commands.set(`${name} put, 1 KiB`, healthy('put', file, 's3://bucket/key'));
    commands.set(`${name} get, 1 KiB`, healthy('get', 's3://bucket/key', join(directory, 'fetched')));
  }
  return commands;
}

function print(samples: ReadonlyMap<string, readonly Measured[]>, rounds: number): void {
  const [bare = []] = samples.values();
  console.log(`medians of ${rounds} rounds after one that is not counted; ratios are medians of the rounds' ratios\n`);
  console.log('| command | wall ms | CPU ms | peak MB | it / node -e 0: wall | CPU |');
  console.log('|---|---|---|---|---|---|');
  for (const [name, those] of samples) {
    const ratio = (field: 'wallSeconds' | 'cpuSeconds'): string =>
      median(those.map((sample, round) => sample[field] / (bare[round]?.[field] ?? Number.NaN))).toFixed(2);
    const milliseconds = (field: 'wallSeconds' | 'cpuSeconds'): string =>
      (median(those.map((sample) => sample[field])) * 1000).toFixed(0);
    const peak = (median(those.map(({ peakBytes }) => peakBytes)) / 1e6).toFixed(0);
    const row = [name, milliseconds('wallSeconds'), milliseconds('cpuSeconds'), peak];
    console.log(`| ${[...row, ratio('wallSeconds'), ratio('cpuSeconds')].join(' | ')} |`);
  }
}
