import type { Measured } from '../metrics/registry.ts';
import { inspectCircuits } from './circuit-inspection.ts';
import { selectCircuits } from './circuit-selection.ts';
import type { CommandRun } from './command-run.ts';

/** Everything that is measured, read from the local state now. */
export async function measure(run: CommandRun): Promise<Measured> {
  const { metrics } = await run.state();
  const circuits = await inspectCircuits(run, await selectCircuits(run, []));
  return {
    totals: metrics.read(),
    circuits: circuits.map(({ view }) => view),
    nowMs: run.clock.now(),
    version: run.version,
  };
}
