import type { CommandRun } from '../command-run.ts';
import { CIRCUIT_NAMES } from '../../circuit/circuit.ts';
import { listProfiles } from '../settings/list-profiles.ts';
import { findHome } from '../find-home.ts';
import type { Listed } from './completion-model.ts';

/**
 * Names that this machine knows, sorted, one completion each. Reads files only, and sends nothing.
 * `buckets` are those that commands have used, because no file of settings names any.
 */
export async function listKnownNames(kind: Listed, run: CommandRun): Promise<readonly string[]> {
  const names = await findNames(kind, run);
  // A completion is a line.
  return [...new Set(names)].filter((name) => name !== '' && !/\p{Cc}/u.test(name)).toSorted();
}

async function findNames(kind: Listed, run: CommandRun): Promise<readonly string[]> {
  if (kind === 'profiles') return listProfiles({ env: run.env, home: findHome(run.env) });
  const { circuits, metrics } = await run.state();
  if (kind === 'circuits') return [...CIRCUIT_NAMES, ...circuits.list().map(({ name }) => name)];
  // Of a bucket without a name of its own, such as what exceeds the limit of series, there is nothing to complete.
  const buckets = metrics.read().counters.map(({ labels }) => labels['bucket'] ?? '');
  return buckets.filter((name) => /^[A-Za-z0-9]/.test(name)).map((name) => `s3://${name}/`);
}
