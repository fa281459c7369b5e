import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCommand, type Measured } from './measure-command.ts';
import { median } from './median.ts';
import { spawnNullServer, type NullServer } from './spawn-null-server.ts';
import { findClients, type Client } from './transfer/clients.ts';

/** Of each object: a listing says so, nobody reads them. */
const OBJECT_BYTES = 100;

interface Case {
  readonly keys: number;
  /** Who takes part; the others would need an hour. */
  readonly clients: readonly string[];
}

const CASES: readonly Case[] = [
  { keys: 10_000, clients: ['breakwater', 'rclone', 's5cmd', 's3cmd', 'aws'] },
  { keys: 100_000, clients: ['breakwater', 'rclone', 's5cmd', 's3cmd'] },
  { keys: 1_000_000, clients: ['breakwater', 'rclone', 's5cmd', 's3cmd'] },
];

type Sample = Measured & { readonly serverCpuSeconds: number };

/**
 * Deletes of whole prefixes beside those of the other clients that are installed, interleaved, against one server that makes
 * up its keys and forgets nothing. Options: `--with CLIENT,...`, `--keys N,...`, `--rounds N`.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      with: { type: 'string' },
      keys: { type: 'string' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const wanted = values.with?.split(',') ?? null;
  const keys = values.keys?.split(',').map(Number) ?? null;
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  try {
    await using server = await spawnNullServer();
    const clients = await findClients({ server, home: directory }, wanted ?? ['rclone', 's5cmd', 'aws']);
    console.log(`medians of ${values.rounds} rounds\n`);
    console.log('| keys | client | wall s | keys/s | CPU s | peak MB | server CPU s | breakwater / it: keys/s |');
    console.log('|---|---|---|---|---|---|---|---|');
    for (const one of CASES) {
      if (keys !== null && !keys.includes(one.keys)) continue;
      const those = clients.filter(({ name }) => one.clients.includes(name) || wanted?.includes(name) === true);
      print(one, await measure(one, { clients: those, server, directory, rounds: Number(values.rounds) }));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  { keys }: Case,
  {
    clients,
    server,
    directory,
    rounds,
  }: { clients: readonly Client[]; server: NullServer; directory: string; rounds: number },
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(clients.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Each goes first in its turn.
    const turn = round % clients.length;
    for (const client of [...clients.slice(turn), ...clients.slice(0, turn)]) {
      const before = await server.cpuSeconds();
      const command = client.command({ kind: 'delete_tree', local: directory, key: `${keys}x${OBJECT_BYTES}` });
      const measured = await measureCommand(command, join(directory, 'time'));
      samples.get(client.name)?.push({ ...measured, serverCpuSeconds: (await server.cpuSeconds()) - before });
    }
  }
  return samples;
}

function print({ keys }: Case, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const ours = samples.get('breakwater') ?? [];
  for (const [name, theirs] of samples) {
    const of = (read: (sample: Sample) => number): number => median(theirs.map(read));
    const ratio = median(
      theirs.map(({ wallSeconds }, round) => wallSeconds / (ours[round]?.wallSeconds ?? wallSeconds)),
    );
    const cells = [
      String(keys),
      name,
      of(({ wallSeconds }) => wallSeconds).toFixed(2),
      String(Math.round(keys / of(({ wallSeconds }) => wallSeconds))),
      of(({ cpuSeconds }) => cpuSeconds).toFixed(2),
      (of(({ peakBytes }) => peakBytes) / 1e6).toFixed(0),
      of(({ serverCpuSeconds }) => serverCpuSeconds).toFixed(2),
      name === 'breakwater' ? '' : `${ratio.toFixed(1)} x`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
