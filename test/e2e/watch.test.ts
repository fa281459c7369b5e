import { describe, expect, it } from 'vitest';
import { spawnSync } from 'node:child_process';
import { platform } from 'node:os';
import { kill } from 'node:process';
import { systemClock } from '../../src/clock.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { Terminal } from '../support/terminal.ts';

const SETTINGS = {
  BREAKWATER_SUCCESS_THRESHOLD: '1',
  // Whatever is to be seen meanwhile must be drawn within it.
  BREAKWATER_OPEN_FOR: '8s',
  BREAKWATER_RETRIES: '1',
  BREAKWATER_RETRY_BASE: '10ms',
};

function hasTmux(): boolean {
  const isHere = platform() === 'linux' && spawnSync('tmux', ['-V']).error === undefined;
  if (!isHere) console.log('skipped: the live screen in a real terminal needs tmux, which is not installed');
  return isHere;
}

/** Puts one object; `opensAt` is how many failures in a row open the circuit for this one, and `openFor` for how long. */
async function put(program: Program, { opensAt = 3, openFor = SETTINGS.BREAKWATER_OPEN_FOR } = {}): Promise<void> {
  const env = { BREAKWATER_FAILURE_THRESHOLD: String(opensAt), BREAKWATER_OPEN_FOR: openFor };
  await program.run(['put', '--quiet', '-', 's3://bucket/a'], { input: 'a', env });
}

async function open() {
  const held = Promise.withResolvers<void>();
  const sandbox = await startTestSandbox({ clock: { ...systemClock, sleep: async () => await held.promise } });
  const program = await Program.create({ ...sandbox.env, ...SETTINGS });
  return {
    program,
    sandbox,
    circuit: `s3-upload@${new URL(sandbox.endpoint).host}`,
    /** Sends the answers that a fault `latency` has held back. */
    release: held.resolve,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(!hasTmux())('breaker-status --watch in a terminal', () => {
  it('shows an outage from its first failure to its end, and resets with a key', async () => {
    await using stage = await open();
    const { program, sandbox, circuit } = stage;
    await using terminal = new Terminal(program, { columns: 110, rows: 24 });
    terminal.run('breaker-status --watch');
    await terminal.waitFor(/nothing has been recorded here yet/);
    terminal.press('j');
    await terminal.waitFor(new RegExp(`→ ${circuit} +● closed +·+ 0/\\d +allowed`));

    sandbox.addFault('PutObject:503:SlowDown');
    await Promise.all([put(program), put(program)]);
    terminal.keep('filling', await terminal.waitFor(/● closed +■■· 2\/3/));
    const last = put(program);
    const opened = await terminal.waitFor(/■ OPEN +■■■ 3\/3 +probe in 0:0\d/);
    terminal.keep('open', opened);
    expect(opened).toContain('SlowDown, HTTP 503, request id');
    expect(opened).toMatch(/closed → OPEN {2}threshold reached: SlowDown {2}put \(pid \d+\)/);
    const [, first] = /probe in (0:0\d)/.exec(opened) ?? [];
    await terminal.waitFor((screen) => /probe in (0:0\d)/.exec(screen)?.[1] !== first);
    await last;

    sandbox.clearFaults();
    await terminal.waitFor(/◐ HALF-OPEN +· 0\/1 ok +allowed as a probe/);
    sandbox.addFault('PutObject:latency:after=1ms');
    const probe = program.start(['put', '--quiet', '-', 's3://bucket/a'], { input: 'a' });
    const probed = await terminal.waitFor(new RegExp(`◐ HALF-OPEN +· 0/1 ok +probe: put ${probe.child.pid}`));
    terminal.keep('probe', probed);
    expect(probed).toContain(`put (pid ${probe.child.pid}), slot free in`);
    stage.release();
    expect((await probe.ended).status).toBe(0);
    await terminal.waitFor(/● closed +·+ 0\/\d +allowed[^]*HALF-OPEN → closed {2}probes succeeded/);

    sandbox.clearFaults();
    sandbox.addFault('PutObject:503:SlowDown');
    const again = put(program, { opensAt: 1, openFor: '10m' });
    await terminal.waitFor(/■ OPEN/);
    terminal.type('r');
    await terminal.waitFor(/reset s3-upload@.*closes it for every process/);
    terminal.type('S3 is back');
    terminal.press('Enter');
    terminal.keep('reset', await terminal.waitFor(/reset it now\? y = yes/));
    terminal.type('y');
    const done = await terminal.waitFor(/is closed \(was open\)/);
    expect(done).toContain(`$ breakwater breaker-reset ${circuit} --reason 'S3 is back'`);
    await terminal.waitFor(/● closed +·+ 0\/\d/);
    await again;
    terminal.type('q');
    // What was changed by hand stays in the scrollback, where the screen does not.
    expect(await terminal.waitFor(/status=0/)).toContain(`$ breakwater breaker-reset ${circuit} --reason 'S3 is back'`);
    const status = readDocument(await program.run(['breaker-status', '--json', '--history', 's3-upload']));
    expect(status['history']).toMatchObject([{ why: 'reset', manual: { reason: 'S3 is back' } }, {}, {}, {}, {}]);
  });

  it.each<[string, (terminal: Terminal) => void]>([
    ['q', (terminal) => terminal.type('q')],
    ['Ctrl-C', (terminal) => terminal.press('C-c')],
    ['SIGTERM', (terminal) => void kill(terminal.child(), 'SIGTERM')],
    ['SIGHUP', (terminal) => void kill(terminal.child(), 'SIGHUP')],
  ])('leaves the terminal as it was after %s', async (_how, end) => {
    await using stage = await open();
    await using terminal = new Terminal(stage.program, { columns: 100, rows: 24 });
    await terminal.waitFor(/prompt>/);
    const before = await terminal.state();
    terminal.enter('clear; echo what was here before');
    terminal.run('breaker-status --watch');
    await terminal.waitFor(/live \d\d:\d\d UTC/);
    expect(terminal.screen()).not.toContain('what was here before');
    end(terminal);
    expect(await terminal.waitFor(/status=\d+/)).toMatch(/what was here before[^]*status=0/);
    expect(terminal.screen()).not.toContain('UTC');
    expect(await terminal.state()).toEqual(before);
    expect(before).toMatchObject({ isAlternate: false, hasCursor: true });
  });

  it('fits every window size, with ASCII only and without colours too', async () => {
    await using stage = await open();
    await using terminal = new Terminal(stage.program, { columns: 120, rows: 30 });
    terminal.run('breaker-status --watch --ascii --no-color');
    await terminal.waitFor(/\[=\] closed +\.{3,5} 0\/\d/);
    for (const [columns, rows, shows] of [
      [80, 24, /CIRCUIT +STATE +FAILURES +NEXT CALL/],
      [60, 20, /CIRCUIT +STATE +FAILURES +NEXT CALL/],
      [44, 12, /\[=\] closed allowed s3-/],
      [30, 4, /\[=\] closed s3-download/],
      [120, 30, /OPS 5m +ERR +P95/],
    ] as const) {
      terminal.resize({ columns, rows });
      const screen = await terminal.waitFor(shows);
      expect(screen.split('\n').length).toBeLessThan(rows);
      expect(screen).toMatch(/^[ -~\n]*$/);
    }
    terminal.type('q');
    await terminal.waitFor(/status=0/);
  });
});

describe('breaker-status --watch off a terminal', () => {
  it('prints lines on change, and ends cleanly on a signal', async () => {
    await using stage = await open();
    const { program, sandbox, circuit } = stage;
    const watch = program.start(['breaker-status', '--watch', 's3-upload']);
    let text = '';
    const seen = (wanted: RegExp): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => (wanted.test(text) ? resolve() : undefined);
        watch.child.stdout?.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          look();
        });
        look();
      });
    await seen(/closed {2}0\/\d failures/);
    sandbox.addFault('PutObject:503:SlowDown');
    const isOpen = seen(/open {2}1\/1 failures, probe in 0:0\d/);
    await put(program, { opensAt: 1 });
    await isOpen;
    watch.child.kill('SIGTERM');
    const { status, stderr } = await watch.ended;
    expect([status, stderr]).toEqual([0, '']);
    expect(text).toContain(`${circuit}  closed > open: threshold reached: SlowDown, put (pid `);
    // oxlint-disable-next-line no-control-regex -- no escape codes in a pipe
    expect(text).not.toMatch(/\u001b/);
  });

  it('is NDJSON with --json, and ends with the one document of every command', async () => {
    await using stage = await open();
    const watch = stage.program.start(['breaker-status', '--watch', '--json']);
    await new Promise((resolve) => watch.child.stdout?.once('data', resolve));
    watch.child.kill('SIGINT');
    const { status, text } = await watch.ended;
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(status).toBe(0);
    expect(lines[0]).toMatchObject({ event: 'state_file', state_file: { condition: 'missing' } });
    expect(lines.slice(1, 3)).toMatchObject([{ event: 'circuit' }, { event: 'circuit' }]);
    expect(lines.at(-1)).toMatchObject({ ok: true, command: 'breaker-status', circuits: [{}, {}] });
  });

  it.each([
    [['--check'], /--watch and --check cannot be combined/],
    [['--history'], /--watch and --history cannot be combined/],
    [['s4'], /no circuit is named "s4"/],
  ])('refuses %j before it begins', async (args, says) => {
    await using program = await Program.create();
    const { status, stderr } = await program.run(['breaker-status', '--watch', ...args]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(says)]);
  });
});
