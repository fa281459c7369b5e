import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // oclif writes to the real streams; intercepted consoles would hide what a user sees.
    disableConsoleIntercept: true,
    pool: 'forks',
    // One a core, also on two: most files wait for processes of their own, so the cores are not busy with one alone.
    maxWorkers: 2,
    // A hang ends here. No test comes near it where all is well, and none fails because the machine is busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A condition that never comes true fails with what was seen last, a little before that.
    expect: { poll: { timeout: 240_000 } },
    coverage: {
      include: [
        'src/circuit/state-machine.ts',
        'src/circuit/arrival.ts',
        'src/retry/classify.ts',
        'src/retry/backoff.ts',
        'src/retry/decide-retry.ts',
      ],
      thresholds: { branches: 100 },
      reporter: ['text'],
      reportsDirectory: 'coverage/branches',
    },
  },
});
