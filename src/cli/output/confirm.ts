import { createInterface } from 'node:readline/promises';
import { BreakwaterError } from '../../errors.ts';
import type { CommandRun } from '../command-run.ts';

/**
 * Asks on the terminal before something that cannot be undone. Anything but yes means no, and so does end of input.
 * @throws BreakwaterError `usage` without a terminal, where nobody could answer
 */
export async function confirm(run: CommandRun, question: string): Promise<boolean> {
  assertCanAsk(run);
  const lines = createInterface({ input: run.stdin, output: process.stderr, terminal: false });
  try {
    // readline never settles a question whose input has ended.
    const ended = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
    const response = await Promise.race([lines.question(`${question} [y/N] `, { signal: run.signal }), ended]);
    if (response === null) process.stderr.write('\n');
    return ['y', 'yes'].includes((response ?? '').trim().toLowerCase());
  } finally {
    lines.close();
  }
}

/** @throws BreakwaterError `usage` if nobody could answer a question; checked before any work is done */
export function assertCanAsk({ command, output, stdin }: CommandRun): void {
  const canAnswer = 'isTTY' in stdin && stdin.isTTY === true;
  if (canAnswer && output.mode.stderrIsTerminal && !output.mode.json) return;
  throw new BreakwaterError('usage', `${command} asks for confirmation, and there is no terminal to ask on`, {
    details: {
      reason: 'needs_confirmation',
      hint: `pass --yes to confirm${command === 'sweep' ? ', or --dry-run to preview' : ''}`,
    },
  });
}
