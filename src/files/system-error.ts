import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

/** What Node has no words for (errno(3)). */
const WORDS: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  ESTALE: 'stale file handle',
};

/** The code of a Node system error, such as `ENOENT`; null for any other error. */
export function readSystemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  // What libuv does not know: `Unknown system error -122`.
  return error.code.startsWith('Unknown system error') ? (findCode(error) ?? error.code) : error.code;
}

/** What the system says of an error: `EROFS: read-only file system`; null for an error that is not the system's. */
export function explainSystemError(error: unknown): string | null {
  const code = readSystemCode(error);
  if (code === null) return null;
  const words = WORDS[code] ?? findWords(code);
  return words === null ? code : `${code}: ${words}`;
}

function findCode(error: Error): string | null {
  const errno = 'errno' in error ? error.errno : null;
  return Object.entries(constants.errno).find(([, number]) => -number === errno)?.[0] ?? null;
}

function findWords(code: string): string | null {
  const numbers: Readonly<Record<string, number>> = constants.errno;
  const number = numbers[code];
  return number === undefined ? null : getSystemErrorMessage(-number);
}
