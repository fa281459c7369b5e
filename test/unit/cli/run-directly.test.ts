import { readdirSync } from 'node:fs';
import { parse } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canRunDirectly } from '../../../src/cli/run-directly.ts';

const COMMANDS = readdirSync(new URL('../../../src/commands', import.meta.url)).map((file) => parse(file).name);

describe('canRunDirectly', () => {
  it.each(COMMANDS)('knows the command %s', (name) => {
    expect(canRunDirectly([name, '--json'])).toBe(true);
  });

  it.each([
    { words: [], why: 'no command' },
    { words: ['--version'], why: 'no command' },
    { words: ['toString'], why: 'no command of ours' },
    { words: ['putt', 'file'], why: 'a misspelled command' },
    { words: ['put', '--help'], why: 'help' },
    { words: ['put', 'a', '-h'], why: 'help' },
    { words: ['metrics', 'now'], why: 'a command without arguments' },
  ])('leaves $words to oclif: $why', ({ words }) => {
    expect(canRunDirectly(words)).toBe(false);
  });

  it.each([
    { words: ['put', '--', '--help', 's3://bucket/key'] },
    { words: ['metrics'] },
    { words: ['metrics', '--format', 'json'] },
    { words: ['breaker-status', 's3-upload'] },
  ])('runs $words', ({ words }) => {
    expect(canRunDirectly(words)).toBe(true);
  });
});
