import type { Transition } from '../../circuit/circuit.ts';
import { BreakwaterError } from '../../errors.ts';
import type { Message } from './view.ts';
import { nameUser } from '../change-circuits.ts';
import { circuitDocument } from '../circuit-document.ts';
import { nameState } from '../circuit-table.ts';
import type { CommandResult, CommandRun } from '../../cli/command-run.ts';
import { escapeControls } from '../../ui/escape.ts';
import { toInspected, watchAsLines } from './lines.ts';
import { createWatchReader } from './reader.ts';
import { watchOnScreen, type ManualAction } from './screen.ts';

export interface WatchRequest {
  /** Circuits to watch; none for all. */
  readonly names: readonly string[];
  readonly isReadOnly: boolean;
  /** As it stood on the command line; null where it did not. */
  readonly stateDirectory: string | null;
}

/**
 * Watches circuits until told to stop: on the whole screen of a terminal, as lines elsewhere.
 * @throws BreakwaterError `usage` for a name that is no circuit's
 */
export async function watchCircuits(run: CommandRun, request: WatchRequest): Promise<CommandResult> {
  return canDraw(run) ? await watchAtTerminal(run, request) : await watchInPipe(run, request);
}

/** A screen needs a keyboard, a window, and nobody who wants lines. */
function canDraw({ output: { mode }, stdin }: CommandRun): boolean {
  return mode.isLive && mode.stdoutIsTerminal && 'isTTY' in stdin && stdin.isTTY === true;
}

async function watchAtTerminal(run: CommandRun, { names, ...options }: WatchRequest): Promise<CommandResult> {
  const { openWholeScreen } = await import('../../ui/terminal.tsx');
  const { clock, signal, look, output } = run;
  const held: (() => void)[] = [];
  const done: string[] = [];
  // What would be printed meanwhile would tear the picture: it is printed when the screen is gone.
  output.stepAside((write) => held.push(write));
  try {
    await watchOnScreen({
      reader: createWatchReader(run, { names, isEscaped: true }),
      clock,
      signal,
      symbols: look,
      options,
      openScreen: (listeners) =>
        openWholeScreen({
          stdin: process.stdin,
          stdout: process.stdout,
          hasColour: output.mode.stdoutHasColour,
          ...listeners,
        }),
      act: async (action) => {
        const message = await changeOne(run, action);
        if (message.command !== null) done.push(`$ ${escapeControls(message.command)}`, `  ${message.text}`);
        return message;
      },
    });
  } finally {
    output.stepAside(null);
    for (const write of held) write();
  }
  // The screen leaves no trace in the scrollback; what was changed by hand should.
  return { json: {}, summary: done.length === 0 ? null : done.join('\n') };
}

async function watchInPipe(run: CommandRun, { names }: WatchRequest): Promise<CommandResult> {
  const { clock, signal, output, stdout } = run;
  const snapshot = await watchAsLines({
    reader: createWatchReader(run, { names, isEscaped: false }),
    clock,
    signal,
    isJson: output.mode.json,
    print: (lines) => output.print(lines),
    isRead: () => stdout.writable,
  });
  const { path, condition } = snapshot.stateFile;
  return {
    json: {
      circuits: snapshot.circuits.map((circuit) => circuitDocument(toInspected(circuit))),
      state_file: { path, problem: condition === 'ready' || condition === 'missing' ? null : condition },
    },
  };
}

/** Makes one change by hand, as breaker-reset and breaker-isolate do. Never throws for what a user can act on. */
async function changeOne(run: CommandRun, action: ManualAction): Promise<Message> {
  const { circuit, reason, command } = action;
  try {
    const gate = await run.gate();
    const by = nameUser();
    const change: Transition =
      action.kind === 'reset'
        ? gate.reset(circuit, { by, reason })
        : gate.isolate(circuit, { by, reason, forMs: action.forMs });
    const problem = (await run.state()).problem();
    if (problem !== null) {
      return {
        text: `the change is lost, no other process can see it: the state is ${problem}`,
        tone: 'warning',
        command: null,
      };
    }
    const text = `${escapeControls(circuit)} is ${nameState(change.to)} (was ${nameState(change.from)})`;
    return { text, tone: 'strong', command };
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    return { text: error.message, tone: 'warning', command: null };
  }
}
