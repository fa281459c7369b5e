import { setFlagsFromString } from 'node:v8';

/** Undocumented flags of V8, in effect even when set after the start. A test checks that this Node knows them. */
export const HEAP_FLAGS = [
  // New objects keep their space while old ones are collected, too: up to 16 MB less.
  '--semi-space-growth-factor=1',
  '--no-separate-gc-phases',
  // How far the heap may grow over what was alive after the last collection.
  '--heap-growing-percent=10',
] as const;

/**
 * Makes V8 collect garbage early, for commands that parse many responses in little memory. Only about 25 MB are alive
 * at any time in a sweep, but V8 lets the heap grow to several times that before it collects. Call it before the work.
 */
export function keepHeapSmall(): void {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
}
