import { existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { showCircuit, type CircuitView } from '../../circuit/circuit-view.ts';
import { CIRCUIT_NAMES } from '../../circuit/circuit.ts';
import { initialRow } from '../../circuit/state-machine.ts';
import { findFileSystem, isNetworkKind } from '../../state/file-system-kind.ts';
import { isOnNetwork } from '../../state/network-mount.ts';
import { STATE_FILE } from '../../state/state-file.ts';
import type { State } from '../../state/state.ts';
import { readSystemCode } from '../../files/system-error.ts';
import type { CommandRun } from '../command-run.ts';
import { hasRoomForState } from '../descriptor-limit.ts';
import type { StateFacts } from './judge-state.ts';

interface MeasuredState {
  readonly state: StateFacts;
  /** Null if transfers would not find them there. */
  readonly circuits: readonly CircuitView[] | null;
}

type StateRun = Pick<CommandRun, 'settings' | 'clock' | 'circuitName'>;

/**
 * Looks at the state directory and at the circuits in it. Leaves nothing there, and does not touch a network file system,
 * which may hang.
 * @param hasScope whether the endpoint is known, which names the circuits
 * @param hasRoom whether this process may open enough files
 */
export async function measureState(
  run: StateRun,
  { hasScope, hasRoom = hasRoomForState }: { readonly hasScope: boolean; readonly hasRoom?: () => boolean },
): Promise<MeasuredState> {
  const directory = run.settings.stateDirectory;
  const fileSystem = findFileSystem(directory);
  const unused = {
    directory,
    fileSystem,
    isOnNetwork: false,
    isThere: true,
    directoryTrouble: null,
    fileTrouble: null,
  };
  const unmeasured = { ...unused, freeBytes: null, freeFiles: null, hasDescriptors: true };
  if (isNetworkKind(fileSystem ?? '') || isOnNetwork(directory)) {
    return { state: { ...unmeasured, isOnNetwork: true }, circuits: null };
  }
  if (!hasRoom()) return { state: { ...unmeasured, hasDescriptors: false }, circuits: null };
  const isThere = existsSync(directory);
  const path = join(directory, STATE_FILE);
  const [{ openState }, { tryStateDirectory, tryStateFile }] = await Promise.all([
    import('../../state/open-state.ts'),
    import('../../state/try-state.ts'),
  ]);
  const directoryTrouble = tryStateDirectory(path);
  const unwritable = tryStateFile(path);
  const opened = openState({ directory, clock: run.clock, onWarning: () => undefined });
  try {
    const circuits = hasScope ? showCircuits(run, opened) : [];
    // Reading is what finds out about the file.
    opened.circuits.list();
    const problem = opened.problem();
    const fileTrouble = unwritable ?? (problem === null ? null : { problem, why: null });
    const isStored = problem === null && (directoryTrouble === null || existsSync(path));
    const state = { ...unmeasured, ...findSpace(directory), isThere, directoryTrouble, fileTrouble };
    return { state, circuits: isStored ? circuits : null };
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

function findSpace(directory: string): Pick<StateFacts, 'freeBytes' | 'freeFiles'> {
  try {
    const { bavail, bsize, blocks, files, ffree } = statfsSync(directory);
    // Some file systems have no size, such as /proc, or no fixed number of files, such as btrfs.
    return { freeBytes: blocks === 0 ? null : bavail * bsize, freeFiles: files === 0 ? null : ffree };
  } catch (error) {
    const isMissing = readSystemCode(error) === 'ENOENT';
    const parent = dirname(directory);
    return isMissing && parent !== directory ? findSpace(parent) : { freeBytes: null, freeFiles: null };
  }
}
