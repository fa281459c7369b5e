import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureCommand, type Measured } from '../measure-command.ts';
import { NULL_BLOCK } from '../null-s3/pattern.ts';
import { spawnNullServer, type NullServer, type NullServerOptions } from '../spawn-null-server.ts';
import { isTree, type Case } from './cases.ts';
import { checkDone, DIRECTORY_FILES } from './check-done.ts';
import { bareNode, type Client } from './clients.ts';

export type Sample = Measured & { readonly serverCpuSeconds: number };

/** A server, and a directory in memory where that can be had, so that no disk is measured. */
export interface Stage extends AsyncDisposable {
  readonly server: NullServer;
  readonly directory: string;
}

/** A client with something to do. */
export interface Subject {
  /** In the table. */
  readonly name: string;
  readonly client: Client;
  readonly one: Case;
}

export async function openStage(options: NullServerOptions & { readonly isTls?: boolean } = {}): Promise<Stage> {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'breakwater-bench-'));
  const removed = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  try {
    const server = await spawnNullServer({
      ...options,
      ...(options.isTls === true ? { tlsDirectory: directory } : {}),
    });
    return {
      server,
      directory,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await removed();
      },
    };
  } catch (error) {
    await removed();
    throw error;
  }
}

/**
 * Runs the subjects one after the other, round after round, so that a slow second of the machine hits all of them. The first round
 * is not counted: it compares every byte.
 */
export async function measureRounds(
  subjects: readonly Subject[],
  { stage, rounds }: { stage: Stage; rounds: number },
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const sources = new Map<string, string | null>();
  for (const { one } of subjects) {
    if (!sources.has(one.name)) sources.set(one.name, await makeSource(one, stage));
  }
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    // Each goes first in its turn.
    const turn = round % subjects.length;
    for (const subject of [...subjects.slice(turn), ...subjects.slice(0, turn)]) {
      const sample = await runOnce(subject, { stage, round, source: sources.get(subject.one.name) ?? null });
      if (round > 0) samples.get(subject.name)?.push(sample);
    }
  }
  for (const source of sources.values()) if (source !== null) await rm(source, { recursive: true });
  return samples;
}

/** Runs a subject once, and throws where its work is not done. */
export async function runOnce(
  { client, one }: Subject,
  { stage, round, source }: { stage: Stage; round: number; source: string | null },
): Promise<Sample> {
  const { server, directory } = stage;
  const kind = one.object === undefined ? '' : `-${one.object}`;
  const tree = `${one.files}x${one.fileBytes}${kind}`;
  const sent = `sent/${client.name.replaceAll(' ', '')}-${one.name}-${round}`;
  const read = isTree(one) ? tree : `${tree}/d00000/f00`;
  const key = source === null ? read : sent;
  const local = source ?? join(directory, 'target');
  // Some clients want the directory of a tree to be there.
  if (one.kind === 'get_tree') await mkdir(local, { recursive: true });
  try {
    const cpuBefore = await server.cpuSeconds();
    const measured = await measureCommand(client.command({ kind: one.kind, local, key }), join(directory, 'time'));
    const serverCpuSeconds = (await server.cpuSeconds()) - cpuBefore;
    if (client.name !== bareNode().name) {
      await checkDone({ one, name: client.name, isFirst: round === 0 }, { server, key, local, measured });
    }
    return { ...measured, serverCpuSeconds };
  } finally {
    if (source === null) await rm(local, { recursive: true, force: true });
  }
}

/** What is put: a file or a tree; null where the case gets. */
export async function makeSource({ name, kind, files, fileBytes }: Case, { directory }: Stage): Promise<string | null> {
  const path = join(directory, `source-${name}`);
  if (kind === 'put_tree') {
    const content = NULL_BLOCK.subarray(0, fileBytes);
    for (let index = 0; index < files; index += 1) {
      const below = join(path, `d${Math.floor(index / DIRECTORY_FILES)}`);
      if (index % DIRECTORY_FILES === 0) await mkdir(below, { recursive: true });
      await writeFile(join(below, `f${index % DIRECTORY_FILES}`), content);
    }
    return path;
  }
  if (kind !== 'put' && kind !== 'put_stdin') return null;
  await using file = await open(path, 'w');
  for (let at = 0; at < fileBytes; at += NULL_BLOCK.length) {
    await file.write(NULL_BLOCK.subarray(0, Math.min(NULL_BLOCK.length, fileBytes - at)));
  }
  return path;
}
