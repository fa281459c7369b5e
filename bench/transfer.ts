import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCommand, type Measured } from './measure-command.ts';
import { median } from './median.ts';
import { NULL_BLOCK } from './null-s3/pattern.ts';
import { spawnNullServer, type NullServer } from './spawn-null-server.ts';
import { bareNode, findClients, type Client, type Work } from './transfer-clients.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const TREE_FILES = 5000;
const TREE_FILE_BYTES = 4 * KIB;
const TREE_DIRECTORY_FILES = 100;

interface Case {
  readonly name: string;
  readonly kind: Work['kind'];
  /** Of the one object; of all files of a tree. */
  readonly sizeBytes: number;
  /** How the object that is read came to be, as in `ObjectKind` of the null server. @default put in one request */
  readonly object?: string;
}

const CASES: readonly Case[] = [
  { name: 'put-1k', kind: 'put', sizeBytes: KIB },
  { name: 'put-256m', kind: 'put', sizeBytes: 256 * MIB },
  { name: 'put-1g', kind: 'put', sizeBytes: GIB },
  { name: 'put-tree', kind: 'put_tree', sizeBytes: TREE_FILES * TREE_FILE_BYTES },
  { name: 'put-stdin', kind: 'put_stdin', sizeBytes: 256 * MIB },
  { name: 'get-1k', kind: 'get', sizeBytes: KIB },
  { name: 'get-256m', kind: 'get', sizeBytes: 256 * MIB },
  { name: 'get-1g', kind: 'get', sizeBytes: GIB },
  { name: 'get-tree', kind: 'get_tree', sizeBytes: TREE_FILES * TREE_FILE_BYTES },
  { name: 'get-tree-part1', kind: 'get_tree', sizeBytes: TREE_FILES * TREE_FILE_BYTES, object: 'part1' },
  { name: 'get-stdout', kind: 'get_stdout', sizeBytes: 256 * MIB },
];

interface Stage {
  readonly server: NullServer;
  readonly directory: string;
}

type Sample = Measured & { readonly serverCpuSeconds: number };

/**
 * Transfers of this program beside those of the other clients that are installed, against one server that has every byte in
 * memory, interleaved: a slow second of the machine hits all of them. Options: `--only CASE,...`, `--with CLIENT,...`, `--rounds N`,
 * `--delay MS` before each answer, as a server has that is not on the same machine; `--unasked` tells checksums to who does not ask.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { cases, wanted, rounds, delayMs, tellsUnasked } = readOptions(args);
  // In memory where that can be had, so that no disk is measured.
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = await mkdtemp(join(base, 'breakwater-bench-'));
  try {
    await using server = await spawnNullServer({ delayMs, tellsUnasked });
    const clients = await findClients({ server, home: directory }, wanted);
    console.log(
      `medians of ${rounds} rounds after one that is not counted; ratios are medians of the rounds' ratios\n`,
    );
    console.log('| case | client | wall s | CPU s | peak MB | server CPU s | breakwater / it: wall | CPU | peak |');
    console.log('|---|---|---|---|---|---|---|---|---|');
    for (const one of cases) await runCase(one, one.sizeBytes === KIB ? [...clients, bareNode()] : clients, rounds);

    async function runCase(one: Case, those: readonly Client[], count: number): Promise<void> {
      const stage = { server, directory };
      const source = await makeSource(one, stage);
      const samples = new Map<string, Sample[]>(those.map(({ name }) => [name, []]));
      for (let round = 0; round <= count; round += 1) {
        // Each goes first in its turn.
        const turn = round % those.length;
        for (const client of [...those.slice(turn), ...those.slice(0, turn)]) {
          const sample = await runOnce({ one, client, round, source }, stage);
          if (round > 0) samples.get(client.name)?.push(sample);
        }
      }
      if (source !== null) await rm(source, { recursive: true });
      printCase(one.name, samples);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function readOptions(args: readonly string[]): {
  cases: readonly Case[];
  wanted: readonly string[] | null;
  rounds: number;
  delayMs: number;
  tellsUnasked: boolean;
} {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      with: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      delay: { type: 'string', default: '0' },
      unasked: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',') ?? CASES.map(({ name }) => name);
  const unknown = only.find((name) => !CASES.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new Error(`${unknown} is no case; there are ${CASES.map(({ name }) => name).join(', ')}`);
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`${values.rounds} is no number of rounds`);
  const delayMs = Number(values.delay);
  if (!Number.isInteger(delayMs) || delayMs < 0) throw new Error(`${values.delay} is no number of milliseconds`);
  const cases = CASES.filter(({ name }) => only.includes(name));
  return { cases, wanted: values.with?.split(',') ?? null, rounds, delayMs, tellsUnasked: values.unasked };
}

/** What is put: a file or a tree of the case's size; nothing where the case gets. */
async function makeSource({ name, kind, sizeBytes }: Case, { directory }: Stage): Promise<string | null> {
  const path = join(directory, `source-${name}`);
  if (kind === 'put_tree') {
    for (let index = 0; index < TREE_FILES; index += 1) {
      const below = join(path, `d${Math.floor(index / TREE_DIRECTORY_FILES)}`);
      if (index % TREE_DIRECTORY_FILES === 0) await mkdir(below, { recursive: true });
      await writeFile(join(below, `f${index % TREE_DIRECTORY_FILES}`), NULL_BLOCK.subarray(0, TREE_FILE_BYTES));
    }
    return path;
  }
  if (kind !== 'put' && kind !== 'put_stdin') return null;
  await using file = await open(path, 'w');
  for (let at = 0; at < sizeBytes; at += NULL_BLOCK.length) {
    await file.write(NULL_BLOCK.subarray(0, Math.min(NULL_BLOCK.length, sizeBytes - at)));
  }
  return path;
}

interface Turn {
  readonly one: Case;
  readonly client: Client;
  readonly round: number;
  readonly source: string | null;
}

async function runOnce({ one, client, round, source }: Turn, { server, directory }: Stage): Promise<Sample> {
  const isTree = one.kind === 'get_tree';
  const kind = one.object === undefined ? '' : `-${one.object}`;
  const readKey = isTree ? `${TREE_FILES}x${TREE_FILE_BYTES}${kind}` : `1x${one.sizeBytes}${kind}/d00000/f00`;
  const key = source === null ? readKey : `sent/${client.name.replaceAll(' ', '')}-${one.name}-${round}`;
  const local = source ?? join(directory, 'target');
  // Some clients want the directory of a tree to be there.
  if (isTree) await mkdir(local);
  const cpuBefore = await server.cpuSeconds();
  const measured = await measureCommand(client.command({ kind: one.kind, local, key }), join(directory, 'time'));
  const serverCpuSeconds = (await server.cpuSeconds()) - cpuBefore;
  if (client.name !== bareNode().name)
    await checkDone({ one, client, round, source }, { server, key, local, measured });
  if (source === null) await rm(local, { recursive: true, force: true });
  return { ...measured, serverCpuSeconds };
}

/** Work that was not done is not counted as fast: sizes each time, every byte once. */
async function checkDone(
  { one, client, round, source }: Turn,
  { server, key, local, measured }: { server: NullServer; key: string; local: string; measured: Measured },
): Promise<void> {
  const wrong = (what: string): Error => new Error(`${client.name} has not done ${one.name}: ${what}`);
  if (one.kind === 'put_tree') {
    const sizes = await Promise.all(
      [0, TREE_FILES - 1].map(async (index) => {
        const name = `d${Math.floor(index / TREE_DIRECTORY_FILES)}/f${index % TREE_DIRECTORY_FILES}`;
        return await readSize(server, `${key}/${name}`);
      }),
    );
    if (sizes.some((size) => size !== TREE_FILE_BYTES)) throw wrong(`the server has ${sizes.join(' and ')} bytes`);
  } else if (source !== null) {
    const size = await readSize(server, key);
    if (size !== one.sizeBytes) throw wrong(`the server has ${size} bytes`);
  } else if (one.kind === 'get_tree') {
    const entries = await readdir(local, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    if (files.length !== TREE_FILES) throw wrong(`there are ${files.length} files`);
  } else if (measured.counted !== null) {
    if (measured.counted !== one.sizeBytes) throw wrong(`${measured.counted} bytes came out`);
  } else {
    const { size } = await stat(local);
    if (size !== one.sizeBytes) throw wrong(`the file has ${size} bytes`);
    if (round === 0 && !(await hasNullContent(local))) throw wrong('the file has other bytes than the object');
  }
}

async function readSize({ endpoint }: NullServer, key: string): Promise<number> {
  const response = await fetch(`${endpoint}/bench/${key}`, { method: 'HEAD' });
  return Number(response.headers.get('content-length'));
}

async function hasNullContent(path: string): Promise<boolean> {
  await using file = await open(path);
  const buffer = Buffer.alloc(NULL_BLOCK.length);
  for (;;) {
    const { bytesRead } = await file.read(buffer);
    if (bytesRead === 0) return true;
    if (!buffer.subarray(0, bytesRead).equals(NULL_BLOCK.subarray(0, bytesRead))) return false;
  }
}

function printCase(name: string, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const ours = samples.get('breakwater') ?? [];
  for (const [client, those] of samples) {
    const pick = (field: keyof Omit<Sample, 'counted'>): number => median(those.map((sample) => sample[field]));
    const ratio = (field: keyof Omit<Sample, 'counted'>): string =>
      client === 'breakwater'
        ? ''
        : median(ours.map((sample, round) => sample[field] / (those[round]?.[field] ?? Number.NaN))).toFixed(2);
    const row = [
      name,
      client,
      pick('wallSeconds').toFixed(3),
      pick('cpuSeconds').toFixed(2),
      (pick('peakBytes') / 1e6).toFixed(0),
      pick('serverCpuSeconds').toFixed(2),
      ratio('wallSeconds'),
      ratio('cpuSeconds'),
      ratio('peakBytes'),
    ];
    console.log(`| ${row.join(' | ')} |`);
  }
}
