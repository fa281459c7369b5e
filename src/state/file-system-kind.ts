import { readMountKind } from './mount-kind.ts';
import { NETWORK_FUSE } from './network-mount.ts';

/** Those of `network-mount.ts` by their names in proc_pid_mountinfo(5). */
const NETWORK_KINDS = /^(?:nfs4?|cifs|smb3|smbfs|afs|coda|ncpfs|9p|ceph|lustre|gpfs|beegfs)$/;

/** Whether a kind of file system, as `findFileSystem` names it, is one of the network. */
export function isNetworkKind(kind: string): boolean {
  return NETWORK_KINDS.test(kind) || NETWORK_FUSE.test(kind);
}

/**
 * The kind of the file system that a path is on, such as `ext4`, by the table of mounts alone: the file system itself, which
 * may hang, is not touched, so links are not followed. Null where the system has no such table.
 */
export function findFileSystem(path: string): string | null {
  try {
    const kind = readMountKind(path);
    return kind === '' ? null : kind;
  } catch {
    return null;
  }
}
