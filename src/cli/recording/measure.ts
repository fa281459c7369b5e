import { BreakwaterError } from '../../errors.ts';
import type { Measured } from '../../metrics/registry.ts';
import { inspectCircuits, type InspectedCircuit } from '../../breaker/inspect-circuits.ts';
import { selectCircuits } from '../../breaker/select-circuits.ts';
import { refuseForeign } from '../../state/state-problem.ts';
import type { CommandRun } from '../command-run.ts';

/**
 * Reads all metrics from the local state. An unreadable state is an error: zeros would look like counter resets.
 * @throws BreakwaterError `local_io` if the local state cannot be used, `config` for a state file of another program
 */
export async function measure(run: CommandRun): Promise<Measured> {
  const state = await run.state();
  const circuits = await inspectCircuits(run, await selectCircuits(run, [], 'all'));
  const fleet = (await run.fleet()) === null ? [] : await inspectFleetCircuits(run, circuits);
  const totals = state.metrics.read();
  await assertStored(run, `the metrics cannot be read from ${state.path}`);
  return {
    totals,
    circuits: [...circuits, ...fleet].map(({ view }) => view),
    nowMs: run.clock.now(),
    version: run.version,
  };
}

/** The fleet's circuits of the same names; none if it cannot be asked. */
async function inspectFleetCircuits(
  run: CommandRun,
  circuits: readonly InspectedCircuit[],
): Promise<readonly InspectedCircuit[]> {
  const { inspectFleet } = await import('../../breaker/fleet-circuits.ts');
  const inspected = await inspectFleet(run, { names: circuits.map(({ view }) => view.name) });
  return inspected.circuits;
}

/** Resets all metrics. @throws BreakwaterError `local_io` if the local state cannot be used */
export async function forgetMeasured(run: CommandRun): Promise<void> {
  const state = await run.state();
  state.metrics.clear();
  await assertStored(run, `the metrics were not deleted from ${state.path}`);
}

async function assertStored(run: CommandRun, message: string): Promise<void> {
  const state = await run.state();
  refuseForeign(state);
  const problem = state.problem();
  if (problem === null) return;
  throw new BreakwaterError('local_io', `${message}: ${problem}`, {
    details: { reason: problem, hint: 'make the file usable, or choose another directory with --state-dir' },
  });
}
