import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { BreakwaterError } from '../errors.ts';
import { maskCredentials } from '../mask-credentials.ts';
import { openPipeToRead } from '../files/open-pipe.ts';
import { readFields } from '../read-fields.ts';
import { explainSystemError, readSystemCode } from '../files/system-error.ts';
import { readKeyList } from '../sweep/select/key-list.ts';
import type { SelectionSource } from '../sweep/select/select-items.ts';
import type { SweepItem } from '../sweep/sweep-item.ts';

interface KeyListOptions {
  readonly isNullSeparated: boolean;
  /** @throws BreakwaterError `local_io` if it cannot be read */
  readonly openStdin: () => Readable;
}

/**
 * The keys that a file lists, or standard input for `-`. Checked here, so that a wrong name fails before the first request.
 * @throws BreakwaterError `not_found`, `local_io`; also while it is read
 */
export async function openKeyList(
  path: string,
  { isNullSeparated, openStdin }: KeyListOptions,
): Promise<SelectionSource> {
  if (path === '-') {
    const stdin = openStdin();
    const { fd } = readFields(stdin);
    const files = typeof fd === 'number' ? [fd] : [];
    return { kind: 'named', files, open: () => readNamed(stdin, { isNullSeparated, name: 'standard input' }) };
  }
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw keyListError(path, error);
  });
  const facts = await stat(path);
  if (facts.isDirectory()) throw keyListError(path, null);
  const openSource = (): Readable => (facts.isFIFO() ? openPipeToRead(path) : createReadStream(path));
  return { kind: 'named', files: [path], open: () => readNamed(openSource(), { isNullSeparated, name: path }) };
}

/** Reads a list of keys; faults of the system, such as a disk error, get a code. */
async function* readNamed(
  source: Readable,
  options: { readonly isNullSeparated: boolean; readonly name: string },
): AsyncGenerator<readonly SweepItem[]> {
  try {
    yield* readKeyList(source, options);
  } catch (error) {
    throw error instanceof BreakwaterError ? error : keyListError(options.name, error);
  }
}

/** @param cause null for a directory */
function keyListError(name: string, cause: unknown): BreakwaterError {
  const isMissing = readSystemCode(cause) === 'ENOENT';
  const why = cause === null ? 'it is a directory' : (explainSystemError(cause) ?? 'unknown error');
  return new BreakwaterError(
    isMissing ? 'not_found' : 'local_io',
    `cannot read the list of keys ${maskCredentials(name)}: ${why}`,
    {
      cause,
    },
  );
}
