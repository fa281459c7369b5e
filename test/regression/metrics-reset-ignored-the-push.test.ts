/**
 * Met: `metrics --reset --push URL` forgot the sums without having pushed them.
 * Cause: `--reset` and `--serve` do one thing alone, and passed over the outlets on the same line.
 * Fix: an outlet beside them is refused; one that only the environment names is none of this line.
 */
import { expect, it } from 'vitest';
import Metrics from '../../src/commands/metrics.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { createTestState } from '../support/state.ts';

const LABELS = { operation: 'put_object', bucket: 'b', result: 'success' };
const SUM = { family: 's3_operations_total', labels: LABELS, value: 1 };

it.each(['--push=http://127.0.0.1:1', '--textfile=out.prom'])('refuses %s, and keeps the sums', async (outlet) => {
  await using program = await Program.create();
  await using state = await createTestState();
  const { metrics } = state.open();
  metrics.add(() => ({ counters: [SUM], gauges: [], histograms: [], refusals: [] }));
  const env = { ...program.env, BREAKWATER_STATE_DIR: state.directory };
  const { status } = await runInProcess(Metrics, ['--reset', '--yes', outlet], { env, home: program.directory });
  expect([status, metrics.read().counters]).toEqual([2, [SUM]]);
});
