import { fchmodSync, fchownSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { tryTo } from '../../files/try-to.ts';
import { statOrNull } from '../local-errors.ts';

/** Who may do what with a file. */
export type Permissions = Pick<Stats, 'mode' | 'uid' | 'gid'>;

/** Those of a new file until it has the permissions of the file that it replaces. */
export const PRIVATE_MODE = 0o600;

/**
 * Gives an open file the permissions of the file that it will replace, and, as far as this user may, its owner and group: root
 * would otherwise take the file away from its owner. A group that cannot be kept gets what everybody has, because
 * another group would get its rights. What a file system cannot store is left as it is.
 */
export function keepPermissions(fd: number, { mode, uid, gid }: Permissions): void {
  const isGroupKept = tryTo(() => fchownSync(fd, uid, gid)) || tryTo(() => fchownSync(fd, -1, gid));
  // Never set-user-ID: other bytes would run as its owner.
  const bits = mode & 0o777;
  tryTo(() => fchmodSync(fd, isGroupKept ? bits : (bits & 0o707) | ((bits & 0o007) << 3)));
}

/**
 * Gives a temporary file the permissions that its target has now: a download can take hours. A target in another directory
 * is written in place, and keeps its own.
 */
export function keepPermissionsOf(target: string, { path, fd }: { readonly path: string; readonly fd: number }): void {
  if (dirname(resolve(path)) !== dirname(resolve(target))) return;
  const found = statOrNull(target);
  if (found !== null) keepPermissions(fd, found);
}
