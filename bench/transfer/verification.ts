import { parseArgs } from 'node:util';
import { rm } from 'node:fs/promises';
import type { Case } from './cases.ts';
import { findClients, type Client } from './clients.ts';
import { makeSource, openStage, runOnce, type Stage } from './stage.ts';

const MIB = 1024 * 1024;

/** One of each way to move bytes; of a tree, two files are enough. */
const CASES: readonly Case[] = [
  { name: 'put-file', kind: 'put', files: 1, fileBytes: 1024 },
  { name: 'put-parts', kind: 'put', files: 1, fileBytes: 256 * MIB },
  { name: 'put-tree', kind: 'put_tree', files: 2, fileBytes: 4096 },
  { name: 'put-stdin', kind: 'put_stdin', files: 1, fileBytes: 64 * MIB },
  { name: 'get-file', kind: 'get', files: 1, fileBytes: 1024 },
  { name: 'get-file-crc32', kind: 'get', files: 1, fileBytes: 1024, object: 'crc32' },
  { name: 'get-256m', kind: 'get', files: 1, fileBytes: 256 * MIB },
  { name: 'get-256m-parts', kind: 'get', files: 1, fileBytes: 256 * MIB, object: 'parts' },
  { name: 'get-tree', kind: 'get_tree', files: 2, fileBytes: 4096 },
  { name: 'get-tree-part1', kind: 'get_tree', files: 2, fileBytes: 4096, object: 'part1' },
  { name: 'get-stdout', kind: 'get_stdout', files: 1, fileBytes: 64 * MIB },
];

/** `s3cmd` does, too, if it is named: it repeats a put for minutes. */
const CLIENTS = ['rclone', 's5cmd', 'aws'];

/**
 * Which client notices that one byte has changed on its way: each does its work with a server that changes none, then with one that
 * changes a byte of every body. Options: `--with CLIENT,...`, `--tls`, `--only CASE,...`.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { with: { type: 'string' }, only: { type: 'string' }, tls: { type: 'boolean', default: false } },
  });
  const wanted = values.with?.split(',') ?? CLIENTS;
  await using honest = await openStage({ isTls: values.tls });
  await using corrupting = await openStage({ isTls: values.tls, corrupts: true });
  const [clients, deceived] = await Promise.all(
    [honest, corrupting].map(async ({ server, directory }) => await findClients({ server, home: directory }, wanted)),
  );
  const cases = CASES.filter(({ name }) => values.only?.split(',').includes(name) ?? true);
  console.log(`\n| | ${cases.map(({ name }) => name).join(' | ')} |`);
  console.log(`|${'---|'.repeat(cases.length + 1)}`);
  for (const [index, client] of (clients ?? []).entries()) {
    if (client.isForTrees === true) continue;
    const cells: string[] = [];
    for (const one of cases) {
      const failure = await fails({ client, one }, honest);
      if (failure !== null) throw new Error(`${client.name} fails without a fault: ${failure}`);
      const noticed = await fails({ client: deceived?.[index] ?? client, one }, corrupting);
      cells.push(noticed === null ? 'no' : 'yes');
      if (noticed !== null) console.error(`${client.name} ${one.name}: ${findReason(noticed)}`);
    }
    console.log(`| ${client.name} | ${cells.join(' | ')} |`);
  }
}

/** The line that names the digest; else the last. */
function findReason(said: string): string {
  const lines = said.trim().split('\n');
  return lines.find((line) => /BadDigest|hash differ|checksum/i.test(line)) ?? lines.at(-1) ?? '';
}

/** What the client says when it fails; null where it takes the work for done. */
async function fails({ client, one }: { client: Client; one: Case }, stage: Stage): Promise<string | null> {
  const source = await makeSource(one, stage);
  try {
    // The bytes are not looked at: whether the client does is the question.
    await runOnce({ name: client.name, client, one }, { stage, round: 1, source });
    return null;
  } catch (error) {
    return String(error);
  } finally {
    if (source !== null) await rm(source, { recursive: true });
  }
}
