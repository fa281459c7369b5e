/**
 * For `vi.waitFor`, whose own default is one second: a machine may be busy. What never comes fails a little before the
 * test would end as hanging. `expect.poll` has as much by vitest.config.ts.
 */
export const PATIENCE = { timeout: 240_000, interval: 5 };
