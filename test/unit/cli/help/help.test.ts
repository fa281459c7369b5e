import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandHelp, type HelpForm } from '../../../../src/cli/help/command-help.ts';
import { listCommands, listFlags, readManifest, type ManifestCommand } from '../../../../src/cli/help/manifest.ts';
import { programHelp } from '../../../../src/cli/help/program-help.ts';
import { makeHelp } from '../../../../src/cli/help/show-help.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const manifest = await readManifest(ROOT);
const commands = listCommands(manifest).map((command) => [command.id, command] as const);

const form = (width: number, isFull = false): HelpForm => ({ width, isFull, heading: (text) => text });

/** Beyond this, a command has too many flags of its own in its first help. */
const LINES_MAX: Readonly<Record<string, number>> = { put: 48, get: 49, sweep: 46, sandbox: 36 };
const LINES_MAX_OF_OTHERS = 33;

describe.each(commands)('the help of %s', (id, command: ManifestCommand) => {
  it('is short', () => {
    expect(commandHelp(command, form(80)).length).toBeLessThanOrEqual(LINES_MAX[id] ?? LINES_MAX_OF_OTHERS);
  });

  it.each([60, 80, 100])('has no line of more than %i columns', (width) => {
    for (const isFull of [false, true]) {
      const long = commandHelp(command, form(width, isFull)).filter((line) => line.length > width);
      // A single word may be longer.
      expect(long.filter((line) => line.trim().includes(' '))).toEqual([]);
      if (width >= 80) expect(long).toEqual([]);
    }
  });

  it('names each flag, those that are shared in the line of their group', () => {
    const text = commandHelp(command, form(80)).join('\n');
    for (const { name, helpGroup } of listFlags(command)) {
      expect(text).toContain(helpGroup === undefined ? name : `--${name}`);
      if (helpGroup !== undefined) expect(text).toContain(`  ${helpGroup}  `);
    }
    expect(text).toContain('--help-all');
  });

  it('has in its long form every flag with its environment variable, and every example', () => {
    const text = commandHelp(command, form(80, true)).join('\n');
    for (const { name } of listFlags(command)) expect(text).toContain(name);
    for (const { env } of listFlags(command)) if (env !== undefined) expect(text).toContain(env);
    for (const { description } of command.examples ?? []) expect(text.replaceAll(/\s+/g, ' ')).toContain(description);
  });

  it('shows two or three examples, from the terminal first, that can be pasted', () => {
    const lines = commandHelp(command, form(80)).join('\n').split('EXAMPLES\n')[1] ?? '';
    const pasted = new Set(
      lines
        .replaceAll(/ \\\n\s+/g, ' ')
        .split('\n')
        .map((line) => line.trim()),
    );
    const own = (command.examples ?? []).map((example) =>
      example.command.replaceAll('<%= config.bin %>', 'breakwater'),
    );
    const shown = own.filter((line) => pasted.has(line));
    expect(shown).toEqual(own.slice(0, shown.length));
    expect(shown.length).toBeGreaterThanOrEqual(Math.min(2, own.length));
    expect(shown.length).toBeLessThanOrEqual(3);
  });
});

describe('the help of the program', () => {
  let lines: readonly string[] = [];
  beforeAll(() => {
    lines = programHelp(manifest, form(80));
  });

  it('fits a screen of 80 columns and 24 lines', () => {
    expect(lines.length).toBeLessThan(24);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('names every command with its summary, those for objects first', () => {
    const text = lines.join(' ').replaceAll(/\s+/g, ' ');
    for (const [id, { summary }] of commands) expect(text).toContain(`${id} ${summary}`);
    expect(commands.slice(0, 3).map(([id]) => id)).toEqual(['put', 'get', 'sweep']);
  });
});

describe('makeHelp', () => {
  const base = { root: ROOT, columns: undefined, env: {}, noColor: false, isTerminal: false };

  it('has no escape codes off a terminal, and headings on one', async () => {
    expect(await makeHelp({ ...base, argv: ['put', '--help'] })).not.toContain('\u001b');
    expect(await makeHelp({ ...base, argv: ['put', '--help'], isTerminal: true })).toContain('\u001b[1mFLAGS\u001b[0m');
    const plain = await makeHelp({ ...base, argv: ['put', '--help'], isTerminal: true, env: { NO_COLOR: '1' } });
    expect(plain).not.toContain('\u001b');
  });

  it.each([
    [undefined, 80],
    [200, 100],
    [60, 60],
    [0, 80],
  ])('fills %s columns as %i', async (columns, width) => {
    const text = (await makeHelp({ ...base, argv: ['put', '--help-all'], columns })) ?? '';
    const widest = Math.max(
      ...text
        .split('\n')
        .filter((line) => line.trim().includes(' '))
        .map((line) => line.length),
    );
    expect(widest).toBeLessThanOrEqual(width);
    expect(widest).toBeGreaterThan(width - 8);
  });

  it('knows no help for what is no command', async () => {
    expect(await makeHelp({ ...base, argv: ['putt', '--help'] })).toBeNull();
    expect(await makeHelp({ ...base, argv: ['toString', '--help'] })).toBeNull();
  });

  it('is that of the program without a command', async () => {
    for (const argv of [[], ['--help'], ['-h'], ['--help-all']]) {
      expect(await makeHelp({ ...base, argv })).toContain('COMMANDS\n');
    }
  });
});
