import { defineConfig } from 'vitest/config';

/** The fast tests of circuit/ and retry/: what a mutant of those must be killed by. */
export default defineConfig({
  test: {
    // The exploration plants its own faults into the source, which mutants have changed.
    exclude: ['test/unit/circuit/exploration.test.ts'],
    include: ['test/unit/circuit/**/*.test.ts', 'test/unit/retry/**/*.test.ts'],
    disableConsoleIntercept: true,
    // The counters of mutation testing slow the models down, and a first run that fails ends it all.
    testTimeout: 15_000,
    env: { BREAKWATER_MODEL_RUNS: '150', BREAKWATER_MODEL_SEED: '1' },
  },
});
