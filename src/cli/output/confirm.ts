import { createInterface } from 'node:readline/promises';
import { BreakwaterError } from '../../errors.ts';
import type { CommandRun } from '../command-run.ts';
import { processStreams } from './process-streams.ts';

/**
 * Asks on the terminal before an irreversible action. Anything but yes means no, including end of input.
 * @throws BreakwaterError `usage` without a terminal
 */
export async function confirm(run: CommandRun, question: string): Promise<boolean> {
  assertCanAsk(run);
  const lines = createInterface({ input: run.stdin, output: processStreams.stderr, terminal: false });
  try {
    // readline never settles a question after its input has ended.
    const ended = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
    const response = await Promise.race([lines.question(`${question} [y/N] `, { signal: run.signal }), ended]);
    if (response === null) processStreams.stderr.write('\n');
    return ['y', 'yes'].includes((response ?? '').trim().toLowerCase());
  } finally {
    lines.close();
  }
}

/** @throws BreakwaterError `usage` if nobody can answer a question; called before any work is done */
export function assertCanAsk({ command, output, stdin }: CommandRun): void {
  const canAnswer = 'isTTY' in stdin && stdin.isTTY === true;
  if (canAnswer && output.mode.stderrIsTerminal && !output.mode.json) return;
  throw new BreakwaterError('usage', `${command} needs confirmation and cannot ask for it here`, {
    details: {
      reason: 'needs_confirmation',
      hint: `pass --yes to confirm${command === 'sweep' ? ', or --dry-run to preview' : ''}`,
    },
  });
}
