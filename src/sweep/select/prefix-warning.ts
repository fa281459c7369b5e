import type { EventSink } from '../../events.ts';
import type { SweepPage } from '../sweep-item.ts';

/**
 * Warns once if a prefix also matches a folder with a longer name: `s3://bucket/a` includes `ab/`, but the user may
 * mean `a/`.
 */
export function watchNeighbours({
  prefix,
  emit,
}: {
  readonly prefix: string;
  readonly emit: EventSink;
}): (pages: AsyncIterable<SweepPage>) => AsyncIterable<SweepPage> {
  // `logs/2024-` is clearly the start of a name; `logs` could be a whole name.
  let isWarned = !/[\p{L}\p{N}]$/u.test(prefix);
  return async function* watched(pages) {
    for await (const page of pages) {
      const neighbour = isWarned ? undefined : page.items.find(({ key }) => isNeighbour(key, prefix));
      if (neighbour !== undefined) {
        isWarned = true;
        const message = `the prefix "${prefix}" also matches "${neighbour.key}"; for only the folder, use "${prefix}/"`;
        emit({ kind: 'warning', reason: 'prefix_neighbours', message });
      }
      yield page;
    }
  };
}

/** Whether a key with the prefix is in a folder with a longer name. */
export function isNeighbour(key: string, prefix: string): boolean {
  return key.indexOf('/', prefix.length) > prefix.length;
}
