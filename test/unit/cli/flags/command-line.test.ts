import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStrayFlag, lacksCommand, normaliseArguments } from '../../../../src/cli/flags/command-line.ts';

describe('normaliseArguments', () => {
  it.each([
    ['put a s3://b/', 'put a s3://b/'],
    ['--json put a s3://b/', 'put --json a s3://b/'],
    ['--retries 5 --json put a', 'put --retries 5 --json a'],
    ['--retries=5 put a', 'put --retries=5 a'],
    ['--path-style put a', 'put --path-style a'],
    ['--no-path-style put a', 'put --no-path-style a'],
    ['--no-breaker put a', 'put --no-breaker a'],
    // The value of a setting may look like a command.
    ['--profile put get x', 'get --profile put x'],
    ['--endpoint-url http://h=1 get x', 'get --endpoint-url http://h=1 x'],
    ['help put', 'put --help'],
    ['help', '--help'],
    ['help help', '--help'],
    ['--json help put', 'put --help --json'],
    ['help --json put', 'put --help'],
    ['put --help', 'put --help'],
    ['--help', '--help'],
    ['--version', '--version'],
    // What is no setting stays where it stands: the parser says what is wrong with it.
    ['--recursive put a', '--recursive put a'],
    ['--json --recursive put', '--json --recursive put'],
    ['-r put', '-r put'],
    ['--no-json put', '--no-json put'],
    ['--json', '--json'],
    ['--retries', '--retries'],
    ['--retries 5', '--retries 5'],
    ['-- put', '-- put'],
  ])('brings "%s" into the order "%s"', (given, order) => {
    expect(normaliseArguments(given.split(' '))).toEqual(order.split(' '));
  });

  it('leaves nothing as it is', () => {
    expect(normaliseArguments([])).toEqual([]);
  });

  it('loses and adds no word but those of help', () => {
    const word = fc.constantFrom(
      'put',
      'get',
      '--json',
      '--retries',
      '--retries=5',
      '5',
      '-r',
      '--',
      'a',
      '--no-path-style',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
        const order = normaliseArguments(argv);
        const sort = (words: readonly string[]) => words.toSorted((a, b) => a.localeCompare(b));
        expect(sort(order)).toEqual(sort(argv));
        expect(normaliseArguments(order)).toEqual(order);
      }),
    );
  });
});

describe('findStrayFlag', () => {
  it.each([
    ['put --foo', null],
    ['--json put', null],
    ['--retries 5 put', null],
    ['--retries 5', null],
    ['--foo', '--foo'],
    ['--json --retries 5 -r put', '-r'],
    ['--foo=bar', '--foo=bar'],
    ['--help', null],
    ['-h', null],
    ['--json --version', null],
    ['- put', null],
    ['-- put', null],
  ])('finds in "%s": %s', (given, stray) => {
    expect(findStrayFlag(given.split(' '))).toBe(stray);
  });
});

describe('lacksCommand', () => {
  it.each([
    ['put', false],
    ['--json put', false],
    ['--json', true],
    ['--retries 5', true],
    ['--json --help', false],
    ['-', true],
  ])('of "%s": %s', (given, isSo) => {
    expect(lacksCommand(given.split(' '))).toBe(isSo);
  });

  it('does not hold of no arguments at all, which ask for help', () => {
    expect(lacksCommand([])).toBe(false);
  });
});
