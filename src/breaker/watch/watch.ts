import { findFleetCircuit } from '../../circuit/circuit-name.ts';
import { BreakwaterError } from '../../errors.ts';
import { formatChange } from '../../ui/circuit-words.ts';
import { escapeControls } from '../../escape.ts';
import type { Symbols } from '../../ui/symbols.ts';
import type { JobControl } from '../../ui/job-control.ts';
import type { BreakerContext } from '../breaker-context.ts';
import { changeFleet } from '../change-fleet.ts';
import type { InspectedCircuit } from '../inspect-circuits.ts';
import { toInspected, watchAsLines, type LineOutput } from './lines.ts';
import { createWatchReader } from './reader.ts';
import { namesToReset } from '../select-circuits.ts';
import { watchOnScreen, type ManualAction } from './screen.ts';
import type { WatchSnapshot } from './snapshot.ts';
import type { Message, WatchOptions } from './view.ts';

/** The terminal that a watch takes over. */
interface WatchTerminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly hasColour: boolean;
  readonly symbols: Symbols;
  readonly jobControl: JobControl;
}

export interface ScreenRequest extends WatchOptions {
  /** Circuits to watch; empty for all. */
  readonly names: readonly string[];
  readonly scopes: 'in_use' | 'all';
  /** The user who makes manual changes. */
  readonly user: string;
}

/**
 * Watches circuits on the whole terminal screen until a key or the signal ends it.
 * @returns lines describing the manual changes, because the screen leaves nothing in the scrollback
 * @throws BreakwaterError `usage` for an unknown name
 */
export async function watchAtTerminal(
  context: BreakerContext,
  { names, scopes, user, ...options }: ScreenRequest,
  { symbols, ...terminal }: WatchTerminal,
): Promise<readonly string[]> {
  const { openWholeScreen } = await import('../../ui/terminal.tsx');
  const { clock, signal } = context;
  const changes: string[] = [];
  await watchOnScreen({
    reader: createWatchReader(context, { names, scopes, isEscaped: true }),
    clock,
    signal,
    symbols,
    options,
    openScreen: (listeners) => openWholeScreen({ ...terminal, ...listeners, clock }),
    act: async (action) => {
      const message = await changeOne(context, action, user);
      if (message.command !== null) changes.push(`$ ${escapeControls(message.command)}`, `  ${message.text}`);
      return message;
    },
  });
  return changes;
}

/**
 * Watches circuits as lines until the signal aborts or the reader closes the pipe.
 * @returns the last state
 * @throws BreakwaterError `usage` for an unknown name
 */
export async function watchInPipe(
  context: BreakerContext,
  selection: Pick<ScreenRequest, 'names' | 'scopes'>,
  output: LineOutput,
): Promise<Pick<WatchSnapshot, 'stateFile' | 'fleet'> & { readonly circuits: readonly InspectedCircuit[] }> {
  const { clock, signal } = context;
  const reader = createWatchReader(context, { ...selection, isEscaped: false });
  const { circuits, stateFile, fleet } = await watchAsLines({ reader, clock, signal, ...output });
  return { circuits: circuits.map(toInspected), stateFile, fleet };
}

/** Makes one change, like `breaker-reset` or `breaker-isolate`. A BreakwaterError becomes a message. */
async function changeOne(context: BreakerContext, action: ManualAction, by: string): Promise<Message> {
  const { circuit, reason, command } = action;
  try {
    const inFleet = findFleetCircuit(circuit);
    if (inFleet !== null) {
      const { changes, failure } = await changeFleet(context, {
        select: async () => await Promise.resolve([inFleet]),
        change: async ({ gate }) =>
          action.kind === 'reset'
            ? await gate.reset(inFleet, { by, reason })
            : await gate.isolate(inFleet, { by, reason, forMs: action.forMs }),
      });
      if (failure !== null) throw failure;
      return { text: escapeControls(changes.map(formatChange).join('; ')), tone: 'strong', command };
    }
    const gate = await context.gate();
    const changes =
      action.kind === 'reset'
        ? (await namesToReset(context, [circuit])).map((name) => gate.reset(name, { by, reason }))
        : [gate.isolate(circuit, { by, reason, forMs: action.forMs })];
    const problem = (await context.state()).problem();
    if (problem === null)
      return { text: escapeControls(changes.map(formatChange).join('; ')), tone: 'strong', command };
    const text = `the change was not saved; no other process can see it: ${problem}`;
    return { text, tone: 'warning', command: null };
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    return { text: error.message, tone: 'warning', command: null };
  }
}
