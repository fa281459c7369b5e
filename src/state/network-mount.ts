import { realpathSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { platform } from 'node:process';
import { readMountKind } from './mount-kind.ts';
import { isOnServer } from '../systems/windows-server.ts';

/** File systems whose locks do not work between machines, or at all; statfs(2), linux/magic.h. */
const NETWORK_MAGIC: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xfe534d42, // SMB2
  0xff534d42, // CIFS
  0x5346414f, // AFS
  0x73757245, // Coda
  0x564c, // NCP
  0x01021997, // 9P
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // BeeGFS
]);

const FUSE_MAGIC = 0x65735546;

/** Many local file systems also use FUSE, so the name decides. */
export const NETWORK_FUSE =
  /^fuse\.(?:sshfs|s3fs|rclone|glusterfs|davfs|gcsfuse|goofys|mount-s3|mountpoint-s3|juicefs|ceph)/;

/**
 * Whether a path, or the nearest existing directory above it, is on a network file system, as far as the system shows
 * it: Linux does. On Windows the path of a server does (`\\server\share`), but not a drive that is one; macOS numbers its
 * file systems anew at each start.
 */
export function isOnNetwork(path: string, system = platform): boolean {
  if (system === 'win32') return isOnServer(path);
  if (system !== 'linux') return false;
  try {
    // Magic numbers are unsigned, but some kernels return them sign-extended.
    // oxlint-disable-next-line no-bitwise
    const magic = statfsSync(path).type >>> 0;
    return NETWORK_MAGIC.has(magic) || (magic === FUSE_MAGIC && NETWORK_FUSE.test(readMountKind(realpathSync(path))));
  } catch {
    const parent = dirname(path);
    return parent !== path && isOnNetwork(parent);
  }
}
