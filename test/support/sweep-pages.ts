import type { KeySpan, SweepItem, SweepPage } from '../../src/sweep/sweep-item.ts';

/** An item of 10 bytes, unless told otherwise. */
export function sweepItem(key: string, known: Partial<SweepItem> = {}): SweepItem {
  return { versionId: null, sizeBytes: 10, lastModifiedMs: 0, etag: '"e"', ...known, key };
}

export function sweepPage(keys: readonly string[], span: KeySpan | null = null): SweepPage {
  return { items: keys.map((key) => sweepItem(key)), unknownAge: [], unreadable: [], isReadable: false, span };
}

/** As many keys as asked for, `k0` and up. */
export function keysUpTo(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, number) => `k${first + number}`);
}

/** Pages one by one, each told of as it is taken. */
export async function* pagesOf(
  pages: readonly SweepPage[],
  onTaken: (index: number) => void = () => undefined,
): AsyncGenerator<SweepPage> {
  for (const [index, page] of pages.entries()) {
    onTaken(index);
    yield await Promise.resolve(page);
  }
}
