import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommandRun } from '../../../../src/cli/command-run.ts';
import { assertCanAsk, confirm } from '../../../../src/cli/output/confirm.ts';
import { decideOutputMode, Output } from '../../../../src/cli/output/output.ts';

/** A run at a terminal, unless said otherwise, with these words typed. */
function runWith({
  typed = '',
  stdinIsTerminal = true,
  stderrIsTerminal = true,
  json = false,
  signal = new AbortController().signal,
}) {
  const stdin = Object.assign(new PassThrough(), { isTTY: stdinIsTerminal });
  stdin.end(typed);
  const stderr = Object.assign(new PassThrough(), { isTTY: stderrIsTerminal });
  const screens = { stdout: new PassThrough(), stderr };
  const settings = { json, quiet: false, verbose: false, logFormat: 'text', noColor: false } as const;
  const output = new Output(decideOutputMode(settings, screens, {}), screens);
  // The few parts of a run that asking touches.
  return { command: 'sweep', stdin, output, signal } as unknown as CommandRun;
}

describe('confirm', () => {
  let asked = '';
  beforeEach(() => {
    asked = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      asked += String(text);
      return true;
    });
  });
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['y\n', true],
    ['yes\n', true],
    [' YES \n', true],
    ['n\n', false],
    ['\n', false],
    ['yep\n', false],
    ['no\nyes\n', false],
  ])('takes %j for %s', async (typed, isAgreed) => {
    expect(await confirm(runWith({ typed }), 'delete 3 objects?')).toBe(isAgreed);
    expect(asked).toBe('delete 3 objects? [y/N] ');
  });

  it('does not ask if nobody could answer', async () => {
    await expect(confirm(runWith({ typed: 'y\n', stdinIsTerminal: false }), 'delete?')).rejects.toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
    expect(asked).toBe('');
  });

  it('asks no further when the command is interrupted', async () => {
    const interruption = new AbortController();
    interruption.abort(new Error('interrupted'));
    await expect(confirm(runWith({ signal: interruption.signal }), 'delete?')).rejects.toThrow();
  });
});

describe('assertCanAsk', () => {
  it('passes at a terminal', () => {
    expect(() => assertCanAsk(runWith({}))).not.toThrow();
  });

  it.each([
    ['the input is no terminal', { stdinIsTerminal: false }],
    ['nobody would see the question', { stderrIsTerminal: false }],
    ['the output is one document', { json: true }],
  ])('refuses where %s, and names --yes', (_why, at) => {
    expect(() => assertCanAsk(runWith(at))).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining('sweep needs confirmation'),
        details: { reason: 'needs_confirmation', hint: expect.stringContaining('--yes') },
      }),
    );
  });
});
