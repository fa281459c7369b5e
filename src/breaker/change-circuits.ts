import { userInfo } from 'node:os';
import type { Transition } from '../circuit/circuit.ts';
import { BreakwaterError } from '../errors.ts';
import { transitionDocument } from './circuit-document.ts';
import { nameState } from './circuit-table.ts';
import { selectCircuits } from './select-circuits.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { escapeControls } from '../ui/escape.ts';

/**
 * Changes circuits by hand: every one that the names mean.
 * @throws BreakwaterError `usage` for an unknown name, `local_io` where the change could not be stored for others
 */
export async function changeByHand(
  run: CommandRun,
  names: readonly string[],
  change: (circuit: string) => Promise<Transition>,
): Promise<CommandResult> {
  const changes: Transition[] = [];
  for (const { name } of await selectCircuits(run, names)) changes.push(await change(name));
  const state = await run.state();
  if (state.problem() !== null) {
    throw new BreakwaterError('local_io', 'the change is lost: no other process can see it', {
      details: {
        reason: state.problem() ?? '',
        hint: `make ${state.path} usable, or choose another place with --state-dir`,
      },
    });
  }
  return {
    json: { changes: changes.map(transitionDocument) },
    summary: changes
      .map(({ circuit, from, to }) => `${escapeControls(circuit)} is ${nameState(to)} (was ${nameState(from)})`)
      .join('\n'),
  };
}

/** Who does something by hand. */
export function nameUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
