import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow over what was alive after the last collection, in percent. */
const GROWTH_PERCENT = 10;

/**
 * Has V8 collect garbage early. For commands that parse one response after the other, and whose memory is to be flat: little
 * is alive at any time (25 MB in a sweep), but V8 lets the heap grow to several times that before it looks, and takes
 * many new objects for a reason to look even later. To be called before the work begins; of the bounds that V8 has, these
 * are the ones that it still reads then.
 */
export function keepHeapSmall(): void {
  // New objects keep the room that they have, also while old ones are looked through: that alone was 16 MB, now and then.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-separate-gc-phases');
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
