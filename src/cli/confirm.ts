import { createInterface } from 'node:readline/promises';
import { BreakwaterError } from '../errors.ts';
import type { CommandRun } from './command-run.ts';

/**
 * Asks on the terminal before something that cannot be undone. Anything but yes is no.
 * @throws BreakwaterError `usage` off a terminal: a question that nobody sees would hang for ever
 */
export async function confirm(run: CommandRun, question: string): Promise<boolean> {
  assertCanAsk(run);
  const lines = createInterface({ input: run.stdin, output: process.stderr, terminal: false });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: run.signal });
    return ['y', 'yes'].includes(answer.trim().toLowerCase());
  } finally {
    lines.close();
  }
}

/** @throws BreakwaterError `usage` where a question could not be answered; checked before any work is done */
export function assertCanAsk({ command, output, stdin }: CommandRun): void {
  const canAnswer = 'isTTY' in stdin && stdin.isTTY === true;
  if (canAnswer && output.mode.stderrIsTerminal && !output.mode.json) return;
  throw new BreakwaterError('usage', `${command} asks before it begins, and there is no terminal to ask on`, {
    details: { reason: 'needs_confirmation', hint: 'say --yes to go ahead without being asked' },
  });
}
