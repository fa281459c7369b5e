import { string } from '@oclif/core/args';
import { CLIError } from '@oclif/core/errors';
import { boolean, string as text } from '@oclif/core/flags';
import type { FlagInput } from '@oclif/core/interfaces';
import { Parser } from '@oclif/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFlag, durationFlag, sizeFlag } from '../../../../src/cli/flags/flags.ts';
import { editDistance, findNearestWord } from '../../../../src/ui/nearest-word.ts';
import { toBreakwaterError } from '../../../../src/cli/flags/usage-error.ts';
import { BreakwaterError } from '../../../../src/errors.ts';

const FLAGS: FlagInput = {
  recursive: boolean({ char: 'r' }),
  'open-for': text(),
  'older-than': durationFlag({ summary: 'age', least: 1000, most: 86_400_000 }),
  'part-size': sizeFlag({ summary: 'size', least: 5_242_880 }),
  'max-delete': countFlag({ summary: 'most', most: 10 }),
};

/** What the real parser throws for these arguments, as the user gets it. */
async function refusalOf(argv: readonly string[]): Promise<BreakwaterError> {
  const args = { source: string({ required: true }), dest: string({ required: true }) };
  try {
    await Parser.parse([...argv], { flags: FLAGS, args, strict: true });
  } catch (error) {
    return toBreakwaterError(error, { command: 'put', flags: Object.keys(FLAGS) });
  }
  throw new Error('nothing was refused');
}

describe('toBreakwaterError', () => {
  it.each([
    [['a', 'b', '--recusrive'], 'unknown flag --recusrive', 'did you mean --recursive? see breakwater put --help'],
    [['a', 'b', '--secret-key=hunter2'], 'unknown flag --secret-key', 'see breakwater put --help'],
    [['a', 'b', '--x', '--y'], 'unknown flags --x, --y', 'see breakwater put --help'],
    [['a', 'b', '-z'], 'unknown flag -z', 'see breakwater put --help'],
    [['a'], 'missing argument DEST', 'see breakwater put --help'],
    [[], 'missing argument SOURCE DEST', 'see breakwater put --help'],
    [['a', 'b', 'c'], '1 argument too many', 'see breakwater put --help'],
    [['a', 'b', 'c', 'hunter2'], '2 arguments too many', 'see breakwater put --help'],
  ])('makes usage of %j, with what comes next and without the values', async (argv, message, hint) => {
    const error = await refusalOf(argv);
    expect(error).toMatchObject({ code: 'usage', message, details: { hint } });
  });

  it('names the flag that has no value', async () => {
    expect(await refusalOf(['a', 'b', '--open-for'])).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^flag --open-for expects a value/),
    });
  });

  it.each([
    [
      'older-than',
      '5',
      'a duration with a unit (ms, s, m, h, d), such as 500ms, 30s or 7d10h, at least 1s, at most 1d',
    ],
    ['older-than', '999ms', 'at least 1s, at most 1d'],
    ['older-than', '25h', 'at least 1s, at most 1d'],
    [
      'part-size',
      '8',
      'a size with a unit (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), such as 8MiB, 8M (the same) or 1GB, at least 5MiB',
    ],
    ['part-size', '1MiB', 'at least 5MiB'],
    ['max-delete', 'all', 'a whole number, at most 10'],
    ['max-delete', '11', 'a whole number, at most 10'],
  ])('passes the refusal of --%s %s on as it is', async (flag, value, accepts) => {
    const error = await refusalOf(['a', 'b', `--${flag}`, value]);
    expect(error).toMatchObject({ code: 'usage', details: { reason: 'bad_value' } });
    expect(error.message).toContain(`--${flag}: "${value}" is not accepted; expected `);
    expect(error.message).toContain(accepts);
  });

  it('keeps the bounds of a flag of a command, both included', async () => {
    const argv = ['a', 'b', '--older-than', '1s', '--part-size', '5MiB', '--max-delete', '10'];
    const { flags } = await Parser.parse(argv, { flags: FLAGS, args: {}, strict: false });
    expect(flags).toMatchObject({ 'older-than': 1000, 'part-size': 5_242_880, 'max-delete': 10 });
  });

  it('points at the general help where no command is known', () => {
    const error = toBreakwaterError(new CLIError('Bad\u001b[2J\n  thing\nSee more help with --help'), {
      command: null,
      flags: [],
    });
    expect(error).toMatchObject({
      code: 'usage',
      message: 'bad\\x1b[2J thing',
      details: { hint: 'see breakwater --help' },
    });
  });

  it('hands on what is an error of ours already', () => {
    const error = new BreakwaterError('locked', 'x');
    expect(toBreakwaterError(error, { command: null, flags: [] })).toBe(error);
  });

  it.each([
    [new TypeError('x is not a function'), 'unexpected TypeError: x is not a function'],
    ['a text', 'unexpected a text'],
    [undefined, 'unexpected undefined'],
    [new Error(`bell \u0007${'x'.repeat(2000)}`), expect.stringMatching(/^unexpected Error: bell \\x07x{400,500}$/)],
  ])('makes internal of whatever else was thrown, with its cause: %s', (thrown, message) => {
    const error = toBreakwaterError(thrown, { command: 'put', flags: [] });
    expect(error).toMatchObject({ code: 'internal', message });
    expect(error.cause).toBe(thrown);
    expect(error.details.hint).toContain('--verbose');
  });
});

describe('findNearestWord', () => {
  const KNOWN = ['put', 'get', 'sweep', 'breaker-status', 'breaker-reset'];

  it.each([
    ['putt', 'put'],
    ['pot', 'put'],
    ['swep', 'sweep'],
    ['braker-status', 'breaker-status'],
    ['breaker-state', 'breaker-status'],
    ['breaker-rest', 'breaker-reset'],
    ['put', 'put'],
    ['upload', null],
    ['xx', null],
    ['', null],
  ])('takes %j for %s', (word, known) => {
    expect(findNearestWord(word, KNOWN)).toBe(known);
  });

  it('finds nothing among nothing', () => {
    expect(findNearestWord('put', [])).toBeNull();
  });
});

describe('editDistance', () => {
  const word = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'b', 'c') });

  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'abd', 1],
    ['ab', 'ba', 2],
    ['kitten', 'sitting', 3],
  ])('from %j to %j is %d', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('is a distance: none to itself, as far back, never shorter than a way around', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});
