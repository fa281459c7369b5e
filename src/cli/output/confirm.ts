import { createInterface } from 'node:readline/promises';
import { BreakwaterError } from '../../errors.ts';
import type { CommandRun } from '../command-run.ts';

/**
 * Asks on the terminal before something that cannot be undone. Anything but yes is no, the end of the input too.
 * @throws BreakwaterError `usage` off a terminal: a question that nobody sees would hang for ever
 */
export async function confirm(run: CommandRun, question: string): Promise<boolean> {
  assertCanAsk(run);
  const lines = createInterface({ input: run.stdin, output: process.stderr, terminal: false });
  try {
    // A question whose input ends stays open for ever.
    const ended = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
    const response = await Promise.race([lines.question(`${question} [y/N] `, { signal: run.signal }), ended]);
    if (response === null) process.stderr.write('\n');
    return ['y', 'yes'].includes((response ?? '').trim().toLowerCase());
  } finally {
    lines.close();
  }
}

/** @throws BreakwaterError `usage` where a question could not be answered; checked before any work is done */
export function assertCanAsk({ command, output, stdin }: CommandRun): void {
  const canResponse = 'isTTY' in stdin && stdin.isTTY === true;
  if (canResponse && output.mode.stderrIsTerminal && !output.mode.json) return;
  throw new BreakwaterError('usage', `${command} asks before it begins, and there is no terminal to ask on`, {
    details: { reason: 'needs_confirmation', hint: 'say --yes to go ahead without being asked' },
  });
}
