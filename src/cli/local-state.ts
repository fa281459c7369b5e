import { randomUUID } from 'node:crypto';
import type { CircuitStore } from '../circuit/circuit-store.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import { hasRoomForState } from './descriptor-limit.ts';
import { findNoDirectory } from './find-home.ts';
import { identifyProcess, isProcessAlive } from '../state/process-identity.ts';
import type { State } from '../state/state.ts';
import { once } from '../once.ts';
import type { CommandRun } from './command-run.ts';

type Options = Pick<CommandRun, 'command' | 'settings' | 'clock' | 'emit'>;

interface LocalState extends Pick<CommandRun, 'processIdentity' | 'state' | 'reopenState' | 'gate'> {
  /** Closes the state if it was opened. */
  readonly close: () => Promise<void>;
}

/** The local state of one command: loaded and opened once, on first use. */
export function openLocalState({ command, settings, clock, emit }: Options): LocalState {
  let opened: Promise<State> | null = null;
  const warned = new Set<string>();
  const warn = (message: string): void => {
    if (warned.has(message)) return;
    warned.add(message);
    emit({ kind: 'warning', reason: 'state', message });
  };
  const processIdentity = once(() => identifyProcess(command));
  const open = async (): Promise<State> => {
    const { openState } = await import('../state/open-state.ts');
    if (hasRoomForState())
      return openState({ directory: settings.stateDirectory, clock, readsOnceATurn: true, onWarning: warn });
    warn('too few file descriptors (ulimit -n) for the state file: circuits and metrics are kept in memory only');
    // No file can be made there, so the state is in memory.
    return openState({ directory: findNoDirectory(), clock, onWarning: () => undefined });
  };
  const state = async (): Promise<State> => await (opened ??= open());
  const openGate = async (circuits: CircuitStore): Promise<CircuitGate> => {
    const { createCircuitGate } = await import('../circuit/circuit-gate.ts');
    const { failureThreshold, successThreshold, openForMs, probeLeaseMs } = settings;
    return createCircuitGate({
      store: circuits,
      settings: { failureThreshold, successThreshold, openForMs, probeLeaseMs },
      clock,
      emit,
      get process() {
        return processIdentity();
      },
      isOwnerAlive: isProcessAlive,
      newToken: () => randomUUID(),
    });
  };
  let gateOf: { readonly state: State; readonly gate: Promise<CircuitGate> } | null = null;
  const gate = async (): Promise<CircuitGate> => {
    const current = await state();
    // A reopened state has its own gate.
    if (gateOf?.state !== current) gateOf = { state: current, gate: openGate(current.circuits) };
    return await gateOf.gate;
  };
  const close = async (): Promise<void> => (await opened)?.close();
  const reopenState = async (): Promise<State> => {
    await close();
    opened = open();
    return await opened;
  };
  return { processIdentity, state, reopenState, gate, close };
}
