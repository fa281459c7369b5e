/** `npm run bench -- NAME`: prints figures measured side by side in one run. Never a test: figures are for reading. */
const BENCHMARKS = {
  circuit: async () => await import('./circuit.ts'),
  metrics: async () => await import('./metrics.ts'),
} as const;

type Name = keyof typeof BENCHMARKS;

const name = process.argv[2] ?? '';
if (!(name in BENCHMARKS)) {
  console.error(`name a benchmark: ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}
const { run } = await BENCHMARKS[name as Name]();
await run();
