/** How many keys a store takes in one request. */
export interface BatchSize {
  /** The most to send; null as long as every size was taken. */
  readonly max: number | null;
}

export const ANY_SIZE: BatchSize = { max: null };

interface PartsOptions<T> {
  readonly size: BatchSize;
  /** Sends one request. @returns whether the store took it: false if it refused its form */
  readonly send: (part: readonly T[]) => Promise<boolean>;
  /** Called with an item that was refused in a request of its own. */
  readonly onRefused: (item: T) => void;
}

/**
 * Sends items in as few requests as the store takes. Some take fewer than S3's 1,000, and refuse a larger request as a
 * whole; a single odd key may have the same effect. A refused request is sent again in two halves. If no item was at
 * fault, the size was: then the size that was taken is used from there on.
 * @returns the size for the next call
 */
export async function sendInParts<T>(items: readonly T[], options: PartsOptions<T>): Promise<BatchSize> {
  let size = options.size;
  let rest = items;
  while (rest.length > 0) {
    const part = rest.slice(0, size.max ?? rest.length);
    rest = rest.slice(part.length);
    const taken = await sendHalves(part, options);
    if (taken.refused === 0 && taken.most > 0 && taken.most < part.length) size = { max: taken.most };
  }
  return size;
}

/** The largest request that the store took, and the number of items that it refused alone. */
interface Taken {
  readonly most: number;
  readonly refused: number;
}

async function sendHalves<T>(part: readonly T[], options: PartsOptions<T>): Promise<Taken> {
  if (await options.send(part)) return { most: part.length, refused: 0 };
  const [only] = part;
  if (part.length === 1 && only !== undefined) {
    options.onRefused(only);
    return { most: 0, refused: 1 };
  }
  const half = Math.ceil(part.length / 2);
  const first = await sendHalves(part.slice(0, half), options);
  const second = part.slice(half);
  // The first half was too large, too, and no item was at fault: the second need not be tried as a whole.
  const isSize = first.refused === 0 && first.most > 0 && first.most < second.length;
  if (!isSize) {
    const last = await sendHalves(second, options);
    return { most: Math.max(first.most, last.most), refused: first.refused + last.refused };
  }
  let refused = 0;
  for (let at = 0; at < second.length; at += first.most) {
    refused += (await sendHalves(second.slice(at, at + first.most), options)).refused;
  }
  return { most: first.most, refused };
}
