import type { EventSink } from '../events.ts';
import type { SweepPage } from './sweep-item.ts';

/**
 * Points out, once, that a prefix takes in a folder whose name only begins like it: `s3://bucket/a` is also `ab/`, and
 * whoever types it may mean `a/`.
 */
export function watchNeighbours({
  prefix,
  emit,
}: {
  readonly prefix: string;
  readonly emit: EventSink;
}): (pages: AsyncIterable<SweepPage>) => AsyncIterable<SweepPage> {
  let isTold = !canBeMeantAsFolder(prefix);
  return async function* watched(pages) {
    for await (const page of pages) {
      const neighbour = isTold ? undefined : page.items.find(({ key }) => isNeighbour(key, prefix));
      if (neighbour !== undefined) {
        isTold = true;
        const message = `the prefix "${prefix}" also matches "${neighbour.key}"; if the folder was meant, write "${prefix}/"`;
        emit({ kind: 'warning', reason: 'prefix_neighbours', message });
      }
      yield page;
    }
  };
}

/** `logs/2024-` is the beginning of a name on purpose; `logs` looks like a whole one. */
function canBeMeantAsFolder(prefix: string): boolean {
  return /[\p{L}\p{N}]$/u.test(prefix);
}

/** Whether a key that begins with the prefix is in another folder than the one it names. */
export function isNeighbour(key: string, prefix: string): boolean {
  return key.indexOf('/', prefix.length) > prefix.length;
}
