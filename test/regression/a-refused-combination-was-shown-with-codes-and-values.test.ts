/**
 * Met: at a terminal, `metrics --reset --serve` ended with "the following error occurred: \x1b[2m--serve=true cannot also be
 *   provided when using --reset\x1b[22m"; several such errors ran into each other, and the value of a flag was shown.
 * Cause: the parser's text was passed on, which it dims where there are colours.
 * Fix: these errors are said in our words: which flags, without codes and values, one after the other.
 */
import { CLIError } from '@oclif/core/errors';
import { expect, it } from 'vitest';
import { nameVariables, toBreakwaterError } from '../../src/cli/flags/usage-error.ts';
import Metrics from '../../src/commands/metrics.ts';

const CONTEXT = { command: 'metrics', flags: ['reset', 'serve'] };

function read(lines: readonly string[]) {
  const dimmed = `The following errors occurred:\n \u001B[2m${lines.join('\n')}\u001B[22m\nSee more help with --help`;
  return toBreakwaterError(new CLIError(dimmed), CONTEXT);
}

const EXCLUDED = '--inventory=hunter2 cannot also be provided when using --keys-from';

it.each([
  [[EXCLUDED], '--inventory cannot be combined with --keys-from'],
  [[EXCLUDED, EXCLUDED], '--inventory cannot be combined with --keys-from'],
  [
    [EXCLUDED, 'All of the following must be provided when using --null: --keys-from'],
    '--inventory cannot be combined with --keys-from; --null has an effect only with --keys-from',
  ],
])('%j', (lines, message) => {
  expect(read(lines)).toMatchObject({ code: 'usage', message });
});

it('names the variable that has set the flag', () => {
  const error = read(['--serve=true cannot also be provided when using --reset']);
  const given = { flags: Metrics.flags, words: ['--reset'], env: { BREAKWATER_SERVE: '1' } };
  expect(nameVariables(error, given).message).toBe('BREAKWATER_SERVE cannot be combined with --reset');
});
