import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertNever } from '../../src/errors.ts';
import type { Measured } from '../measure-command.ts';
import { isPattern, NULL_BLOCK } from '../null-s3/pattern.ts';
import type { NullServer } from '../spawn-null-server.ts';
import type { Case } from './cases.ts';

/** Files of one directory of a tree. */
export const DIRECTORY_FILES = 100;

/**
 * Work that was not done is not counted as fast: sizes each time, every byte of what was read in the first round. Of what was put, the
 * server has compared every byte.
 */
export async function checkDone(
  { one, name, isFirst }: { one: Case; name: string; isFirst: boolean },
  { server, key, local, measured }: { server: NullServer; key: string; local: string; measured: Measured },
): Promise<void> {
  const wrong = (what: string): Error => new Error(`${name} has not done ${one.name}: ${what}`);
  switch (one.kind) {
    case 'put_tree': {
      const last = one.files - 1;
      const names = ['d0/f0', `d${Math.floor(last / DIRECTORY_FILES)}/f${last % DIRECTORY_FILES}`];
      const sizes = await Promise.all(names.map(async (file) => await readSize(server, `${key}/${file}`)));
      if (sizes.some((size) => size !== one.fileBytes)) throw wrong(`the server has ${sizes.join(' and ')} bytes`);
      return;
    }
    case 'put':
    case 'put_stdin': {
      const size = await readSize(server, key);
      if (size !== one.fileBytes) throw wrong(`the server has ${size} bytes`);
      return;
    }
    case 'get_tree': {
      const files = await listFiles(local);
      if (files.length !== one.files) throw wrong(`there are ${files.length} files`);
      if (isFirst) for (const file of files) await checkFile(file, { bytes: one.fileBytes, wrong, isFirst });
      return;
    }
    case 'get':
      await checkFile(local, { bytes: one.fileBytes, wrong, isFirst });
      return;
    case 'get_stdout':
      if (measured.counted !== one.fileBytes) throw wrong(`${measured.counted} bytes came out`);
      return;
    case 'delete_tree':
      return;
    default:
      assertNever(one.kind);
  }
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function checkFile(
  path: string,
  { bytes, wrong, isFirst }: { bytes: number; wrong: (what: string) => Error; isFirst: boolean },
): Promise<void> {
  const { size } = await stat(path);
  if (size !== bytes) throw wrong(`${path} has ${size} bytes`);
  if (isFirst && !(await hasNullContent(path))) throw wrong(`${path} has other bytes than the object`);
}

async function readSize({ ownEndpoint }: NullServer, key: string): Promise<number> {
  const response = await fetch(`${ownEndpoint}/bench/${key}`, { method: 'HEAD' });
  return Number(response.headers.get('content-length'));
}

async function hasNullContent(path: string): Promise<boolean> {
  await using file = await open(path);
  const buffer = Buffer.alloc(NULL_BLOCK.length);
  for (;;) {
    const { bytesRead } = await file.read(buffer);
    if (bytesRead === 0) return true;
    if (!isPattern(buffer.subarray(0, bytesRead), 0)) return false;
  }
}
