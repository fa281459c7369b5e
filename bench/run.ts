/** `npm run bench -- NAME [OPTIONS]`: prints figures measured side by side in one run. Never a test: figures are for reading. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ run: (args: readonly string[]) => Promise<void> }>>> = {
  checksums: async () => await import('./transfer/checksums.ts'),
  circuit: async () => await import('./circuit.ts'),
  fleet: async () => await import('./fleet.ts'),
  metrics: async () => await import('./metrics.ts'),
  start: async () => await import('./start.ts'),
  sweep: async () => await import('./sweep.ts'),
  transfer: async () => await import('./transfer/compare.ts'),
  verification: async () => await import('./transfer/verification.ts'),
};

const [name = '', ...args] = process.argv.slice(2);
const load = BENCHMARKS[name];
if (load === undefined) {
  console.error(`name a benchmark: ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}
const { run } = await load();
await run(args);
