import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decidesAscii, decidesColour } from '../../../../src/cli/output/terminal-style.ts';
import { guessOutputSettings, openEarlyOutput } from '../../../../src/cli/output/fallback-output.ts';
import { decideOutputMode, Output, type Screen } from '../../../../src/cli/output/output.ts';

const SETTINGS = { json: false, quiet: false, verbose: false, logFormat: 'text', noColor: false } as const;

function screen(isTTY: boolean): Screen & PassThrough {
  return Object.assign(new PassThrough(), isTTY ? { isTTY } : {});
}

describe('decidesAscii', () => {
  it.each([
    ['UTF-8', { LANG: 'de_DE.UTF-8' }, false, false],
    ['utf8', { LANG: 'C.utf8' }, false, false],
    ['another', { LANG: 'de_DE.ISO-8859-1' }, false, true],
    ['none', {}, false, true],
    ['LC_ALL before LANG', { LC_ALL: 'C', LANG: 'en_US.UTF-8' }, false, true],
    ['LC_CTYPE before LANG', { LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, false, false],
    ['an empty LC_ALL', { LC_ALL: '', LANG: 'en_US.UTF-8' }, false, false],
    ['the flag', { LANG: 'en_US.UTF-8' }, true, true],
  ])('%s', (_locale, env, ascii, isAscii) => {
    expect(decidesAscii({ env, ascii })).toBe(isAscii);
  });
});

describe('decidesColour', () => {
  it.each([
    [{}, false, true, true],
    [{}, false, false, false],
    [{}, true, true, false],
    [{ NO_COLOR: '1' }, false, true, false],
    [{ NO_COLOR: '0' }, false, true, false],
    // no-color.org: only where it is not empty.
    [{ NO_COLOR: '' }, false, true, true],
    [{ TERM: 'dumb' }, false, true, false],
    [{ TERM: 'xterm' }, false, true, true],
    [{ CI: 'true' }, false, false, false],
    [{ FORCE_COLOR: '1' }, false, false, false],
  ])('with %j, --no-color %s, on a terminal %s: %s', (env, noColor, isTerminal, hasColour) => {
    expect(decidesColour({ env, noColor, isTerminal })).toBe(hasColour);
  });
});

describe('decideOutputMode', () => {
  // stdout and stderr differ in most rows: each is asked for itself.
  it.each([
    ['at a terminal', {}, {}, { stdoutHasColour: true, stderrHasColour: true, isLive: true }],
    ['--json', { json: true }, {}, { stdoutHasColour: false, stderrHasColour: true, isLive: false }],
    ['--quiet', { quiet: true }, {}, { stdoutHasColour: true, stderrHasColour: true, isLive: false }],
    ['JSON lines', { logFormat: 'json' }, {}, { stdoutHasColour: true, stderrHasColour: false, isLive: false }],
    ['--no-color', { noColor: true }, {}, { stdoutHasColour: false, stderrHasColour: false, isLive: true }],
    ['NO_COLOR', {}, { NO_COLOR: '1' }, { stdoutHasColour: false, stderrHasColour: false, isLive: true }],
    ['a dumb terminal', {}, { TERM: 'dumb' }, { stdoutHasColour: false, stderrHasColour: false, isLive: false }],
    ['CI', {}, { CI: 'true' }, { isLive: false }],
    ['CI=false', {}, { CI: 'false' }, { isLive: true }],
    ['CI=0', {}, { CI: '0' }, { isLive: true }],
    ['an empty CI', {}, { CI: '' }, { isLive: true }],
  ] as const)('decides for %s', (_where, settings, env, mode) => {
    const screens = { stdout: screen(true), stderr: screen(true) };
    expect(decideOutputMode({ ...SETTINGS, ...settings }, screens, env)).toMatchObject(mode);
  });

  it.each([
    [false, true, { stdoutHasColour: false, stderrHasColour: true, isLive: true }],
    [true, false, { stdoutHasColour: true, stderrHasColour: false, isLive: false }],
    [false, false, { stdoutHasColour: false, stderrHasColour: false, isLive: false }],
  ])('asks each stream for itself: stdout a terminal %s, stderr %s', (stdout, stderr, mode) => {
    const screens = { stdout: screen(stdout), stderr: screen(stderr) };
    expect(decideOutputMode(SETTINGS, screens, {})).toMatchObject({
      ...mode,
      stdoutIsTerminal: stdout,
      stderrIsTerminal: stderr,
    });
  });
});

describe('Output', () => {
  function open() {
    const screens = { stdout: screen(false), stderr: screen(false) };
    const output = new Output(decideOutputMode(SETTINGS, screens, {}), screens);
    return {
      output,
      stdout: () => String(screens.stdout.read() ?? ''),
      stderr: () => String(screens.stderr.read() ?? ''),
    };
  }

  it('puts results on stdout, everything else on stderr', () => {
    const { output, stdout, stderr } = open();
    output.print(['a', 'b']);
    output.print([]);
    output.write('c');
    output.note('d');
    expect([stdout(), stderr()]).toEqual(['a\nb\nc', 'd\n']);
  });

  it('writes through a wrapper while one is set', () => {
    const { output, stdout, stderr } = open();
    const steps: string[] = [];
    output.stepAside((write) => {
      steps.push('aside');
      write();
      steps.push('back');
    });
    output.note('n');
    output.print(['r']);
    output.stepAside(null);
    output.note('after');
    expect(steps).toEqual(['aside', 'back', 'aside', 'back']);
    expect([stdout(), stderr()]).toEqual(['r\n', 'n\nafter\n']);
  });
});

describe('guessOutputSettings', () => {
  let home = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'breakwater-early-'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it.each([
    [['put', '--json', '--wrong'], {}, { json: true }],
    [['put', '--quiet', '--verbose', '--no-color'], {}, { quiet: true, verbose: true, noColor: true }],
    [['put', '--log-format', 'json'], {}, { logFormat: 'json' }],
    [['put', '--log-format=json'], {}, { logFormat: 'json' }],
    [['put', '--log-format=json', '--log-format', 'text'], {}, { logFormat: 'text' }],
    [['put', '--log-format'], {}, { logFormat: 'text' }],
    [['put', '--log-format', 'xml'], {}, { logFormat: 'text' }],
    // What follows -- are names of files.
    [['put', '--', '--json', '--log-format=json'], {}, { json: false, logFormat: 'text' }],
    [['put', '--jso'], {}, { json: false }],
    [['put'], { BREAKWATER_JSON: '1' }, { json: true }],
    [['put'], { BREAKWATER_LOG_FORMAT: 'json' }, { logFormat: 'json' }],
    [['put'], { BREAKWATER_LOG_FORMAT: 'xml', BREAKWATER_JSON: 'maybe' }, { logFormat: 'text', json: false }],
    // One that is bad does not take the others with it.
    [['put'], { BREAKWATER_LOG_FORMAT: 'xml', BREAKWATER_JSON: 'true' }, { logFormat: 'text', json: true }],
    [[], {}, SETTINGS],
  ])('takes %j with %j for %j', (argv, env, settings) => {
    expect(guessOutputSettings({ argv, env, home })).toMatchObject(settings);
  });

  it.each([
    ['{"json": true, "unknown": 1}', true],
    ['{"json": "perhaps"}', false],
    ['no JSON at all', false],
  ])('looks into the user file as far as it is usable: %s', (text, json) => {
    const directory = join(home, '.config', 'breakwater');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'config.json'), text);
    expect(guessOutputSettings({ argv: [], env: {}, home }).json).toBe(json);
    rmSync(directory, { recursive: true });
  });

  it('makes an output of it', () => {
    const screens = { stdout: screen(true), stderr: screen(true) };
    const { mode } = openEarlyOutput({ argv: ['--json'], env: { NO_COLOR: '1' }, home }, screens);
    expect(mode).toMatchObject({ json: true, isLive: false, stderrHasColour: false });
  });
});
