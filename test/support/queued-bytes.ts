import { readFileSync } from 'node:fs';

/**
 * Bytes on the way between a server on a local port and its clients, either way: sent by one and not read by the other.
 * They wait in the buffers of both ends, tens of megabytes on a loopback. From the queues of proc(5), `/proc/net/tcp`;
 * 0 where the system does not tell.
 */
export function countQueuedBytes(port: number): number {
  const isPort = (address = ''): boolean => Number.parseInt(address.split(':')[1] ?? '', 16) === port;
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readRows).reduce((sum, row) => {
    const [, local, remote, , queues = ''] = row.trim().split(/\s+/);
    if (!isPort(local) && !isPort(remote)) return sum;
    const [unsent = 0, unread = 0] = queues.split(':').map((bytes) => Number.parseInt(bytes, 16));
    return sum + unsent + unread;
  }, 0);
}

/** One socket a row. */
function readRows(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(1);
  } catch {
    return [];
  }
}
