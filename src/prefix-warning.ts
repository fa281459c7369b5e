import type { EventSink } from './events.ts';

/**
 * Warns once if a prefix also matches a folder with a longer name: `s3://bucket/a` includes `ab/`, but the user may
 * mean `a/`.
 * @returns to be called with the keys of each page
 */
export function watchNeighbours({
  prefix,
  emit,
}: {
  readonly prefix: string;
  readonly emit: EventSink;
}): (items: readonly { readonly key: string }[]) => void {
  // `logs/2024-` is clearly the start of a name; `logs` could be a whole name.
  let isWarned = !/[\p{L}\p{N}]$/u.test(prefix);
  return (items) => {
    const neighbour = isWarned ? undefined : items.find(({ key }) => isNeighbour(key, prefix));
    if (neighbour === undefined) return;
    isWarned = true;
    const message = `the prefix "${prefix}" also matches "${neighbour.key}"; for only the folder, use "${prefix}/"`;
    emit({ kind: 'warning', reason: 'prefix_neighbours', message });
  };
}

/** Whether a key with the prefix is in a folder with a longer name. */
function isNeighbour(key: string, prefix: string): boolean {
  return key.indexOf('/', prefix.length) > prefix.length;
}
