import { lstatSync, statSync, type Stats } from 'node:fs';
import { BreakwaterError } from '../errors.ts';
import { maskCredentials } from '../mask-credentials.ts';
import { explainSystemError, readSystemCode } from '../files/system-error.ts';

/** The error to report when a local path cannot be read. A path that Node had to mangle is not one that is missing. */
export function readError(path: string, error: unknown): BreakwaterError {
  const code = readSystemCode(error);
  if (isMangled(path) && code === 'ENOENT') return notUtf8Error(path);
  if (code === 'ENOENT' && isLink(path)) return brokenLinkError(path, { how: 'that leads nowhere', cause: error });
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BreakwaterError('not_found', `${maskCredentials(path)} does not exist`, {
      cause: error,
      details: { hint: 'check the path' },
    });
  }
  if (code === 'ELOOP') return brokenLinkError(path, { how: 'loop', cause: error });
  if (code === 'EACCES' || code === 'EPERM') {
    return new BreakwaterError('local_io', `cannot read ${path}: permission denied`, {
      cause: error,
      details: { hint: 'check its permissions and those of the directories above it' },
    });
  }
  return new BreakwaterError('local_io', `cannot read ${path}: ${explainSystemError(error) ?? 'unknown error'}`, {
    cause: error,
  });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function brokenLinkError(
  path: string,
  { how, cause }: { readonly how: string; readonly cause: unknown },
): BreakwaterError {
  return new BreakwaterError('not_found', `${path} is a symbolic link ${how}`, {
    cause,
    details: { reason: 'broken_link', hint: 'correct the link, or leave it out' },
  });
}

/** Node replaces bytes that are not UTF-8 with this character; names may also contain it themselves. */
const REPLACEMENT = '\ufffd';

/** Whether a name that Node has decoded may stand for bytes that are not UTF-8. If so, no file is found under it. */
export function isMangled(name: string): boolean {
  return name.includes(REPLACEMENT);
}

/** The error for a path that cannot be sent, because keys are UTF-8 (S3 User Guide, "Naming Amazon S3 objects"). */
export function notUtf8Error(path: string): BreakwaterError {
  return new BreakwaterError(
    'local_io',
    `cannot send ${path}: its name is not UTF-8, as the key of an object must be`,
    {
      details: {
        reason: 'not_utf8',
        hint: 'rename it, or send a file through standard input: breakwater put - s3://... < FILE',
      },
    },
  );
}

/** The stats of a path, following links; null if it is missing or cannot be read. */
export function statOrNull(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
