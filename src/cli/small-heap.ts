import { setFlagsFromString } from 'node:v8';

/** In MiB: the answers to a dozen requests that are being parsed. */
const SEMI_SPACE_MIB = 4;

/**
 * Keeps the part of the heap that new objects go to as small as it is at the start. For commands that parse one answer after
 * the other: all of it is garbage a moment later, and V8 takes that for a reason to let this part grow, by more than
 * 100 MB in a sweep. To be called before the work begins.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--max-semi-space-size=${SEMI_SPACE_MIB}`);
  setFlagsFromString('--semi-space-growth-factor=1');
}
