import { accessSync, constants, existsSync, mkdtempSync, rmdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { showCircuit, type CircuitView } from '../../circuit/circuit-view.ts';
import { CIRCUIT_NAMES } from '../../circuit/circuit.ts';
import { initialRow } from '../../circuit/state-machine.ts';
import { findFileSystem, isNetworkKind } from '../../state/file-system-kind.ts';
import { isOnNetwork } from '../../state/network-mount.ts';
import { STATE_FILE } from '../../state/state-file.ts';
import type { State } from '../../state/state.ts';
import type { CommandRun } from '../command-run.ts';
import type { StateFacts } from './judge-machine.ts';

interface MeasuredState {
  readonly state: StateFacts;
  readonly circuits: readonly CircuitView[];
}

type StateRun = Pick<CommandRun, 'settings' | 'clock' | 'circuitName'>;

/**
 * Looks at the state directory and at the circuits in it. Leaves nothing there, and does not touch a network file system,
 * which may hang.
 * @param hasScope whether the endpoint is known, which names the circuits
 */
export async function measureState(
  run: StateRun,
  { hasScope }: { readonly hasScope: boolean },
): Promise<MeasuredState> {
  const directory = run.settings.stateDirectory;
  const fileSystem = findFileSystem(directory);
  const unused = { directory, fileSystem, refusal: null, freeBytes: null, problem: null };
  if (isNetworkKind(fileSystem ?? '') || isOnNetwork(directory)) {
    return { state: { ...unused, isOnNetwork: true, isThere: true }, circuits: [] };
  }
  const isThere = existsSync(directory);
  const refusal = findRefusal(directory);
  const { openState } = await import('../../state/open-state.ts');
  const opened = openState({ directory, clock: run.clock, onWarning: () => undefined });
  try {
    const circuits = hasScope ? showCircuits(run, opened) : [];
    // Reading is what finds out about the file.
    opened.circuits.list();
    const problem = opened.problem();
    return {
      state: { ...unused, isOnNetwork: false, isThere, refusal, freeBytes: findSpace(directory), problem },
      circuits,
    };
  } finally {
    opened.close();
  }
}

function showCircuits({ settings, clock, circuitName }: StateRun, { circuits }: State): readonly CircuitView[] {
  return CIRCUIT_NAMES.map((bare) => {
    const name = circuitName(bare);
    return showCircuit(circuits.read(name) ?? initialRow(name, settings), {
      nowMs: clock.now(),
      probeLeaseMs: settings.probeLeaseMs,
      bareRow: circuits.read(bare),
    });
  });
}

/**
 * The system's word for why nothing can be written to a directory, or made in the nearest one above it; null if it can. Tried,
 * because permissions alone do not tell: of a read-only mount, of /proc, or for root.
 */
function findRefusal(directory: string): string | null {
  try {
    const found = statSync(directory, { throwIfNoEntry: false });
    const parent = dirname(directory);
    if (found === undefined && parent !== directory) return findRefusal(parent);
    rmdirSync(mkdtempSync(join(directory, '.breakwater-')));
    const file = join(directory, STATE_FILE);
    if (existsSync(file)) accessSync(file, constants.W_OK);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

function findSpace(directory: string): number | null {
  try {
    const { bavail, bsize, blocks } = statfsSync(directory);
    // Some file systems, such as /proc, have no size.
    return blocks === 0 ? null : bavail * bsize;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const parent = dirname(directory);
    return isMissing && parent !== directory ? findSpace(parent) : null;
  }
}
