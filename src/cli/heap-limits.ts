import { setFlagsFromString } from 'node:v8';

/** Undocumented V8 flags that take effect even after the start. A test checks that this Node supports them. */
export const HEAP_FLAGS = [
  // New objects keep their space while old ones are collected: up to 16 MB less.
  '--semi-space-growth-factor=1',
  '--no-separate-gc-phases',
  // How far the heap may grow beyond the size left by the last collection.
  '--heap-growing-percent=10',
] as const;

/**
 * Makes V8 collect garbage early, for commands that parse many responses. A sweep has only about 25 MB of live objects,
 * but V8 lets the heap grow to several times that before it collects. Call it before the work starts.
 */
export function keepHeapSmall(): void {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
}
