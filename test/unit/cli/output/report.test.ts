import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createEventLog } from '../../../../src/cli/output/event-log.ts';
import { eventLine, formatSeconds } from '../../../../src/cli/output/log-line.ts';
import { Output, type OutputMode } from '../../../../src/cli/output/output.ts';
import { report, reportFailure } from '../../../../src/cli/output/report.ts';
import type { Transition } from '../../../../src/circuit/circuit.ts';
import { BreakwaterError } from '../../../../src/errors.ts';
import type { Event } from '../../../../src/events.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { refusalOf } from '../../../support/fake-circuits.ts';

const MODE: OutputMode = {
  json: false,
  quiet: false,
  verbose: false,
  logFormat: 'text',
  stdoutIsTerminal: false,
  stderrIsTerminal: false,
  stdoutHasColour: false,
  stderrHasColour: false,
  isLive: false,
};

/** An output that keeps what it is given. */
function capture(mode: Partial<OutputMode> = {}) {
  const screens = { stdout: new PassThrough(), stderr: new PassThrough() };
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return {
    output: new Output({ ...MODE, ...mode }, screens),
    stdout: () => read(screens.stdout),
    stderr: () => read(screens.stderr),
  };
}

const clock = new VirtualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
const TIME = '2026-01-02T03:04:05.000Z';

const process = { pid: 7, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };
const failure = { code: 'SlowDown', message: 'slow\ndown', httpStatus: 503, requestId: 'R1' };
const target = { operation: 'put_object', bucket: 'b', key: 'k\u001b[2J' } as const;
const shownTarget = { operation: 'put_object', bucket: 'b', key: 'k\u001b[2J' };
const NAME = 'put_object s3://b/k\\x1b[2J';
const wire = { code: 'SlowDown', message: 'slow\ndown', http_status: 503, request_id: 'R1' };
const transition: Transition = {
  circuit: 's3-upload@x',
  atMs: 0,
  from: 'closed',
  to: 'open',
  epoch: 3,
  why: 'threshold_reached',
  cause: { ...failure, atMs: 0, process },
  manual: null,
  process,
};
const changed = { circuit: 's3-upload@x', from: 'closed', to: 'open', why: 'threshold_reached', epoch: 3 };

/** Every kind that is told: level, text, and the fields of a JSON line. */
const TOLD: readonly (readonly [Event, string, string, Record<string, unknown>])[] = [
  [
    { kind: 'deletes_adapted', bucket: 'b', form: 'batch', hasMd5: true, condition: 'honoured' },
    'debug',
    's3://b: deletes in batches, with Content-MD5; the store keeps objects overwritten since they were listed',
    { bucket: 'b', form: 'batch', content_md5: true, condition: 'honoured' },
  ],
  [
    { kind: 'deletes_adapted', bucket: 'b', form: 'single', hasMd5: false, condition: 'ignored' },
    'debug',
    's3://b: deletes one by one, because the store has no DeleteObjects; the store ignores the condition on the ETag, so objects overwritten since they were listed are deleted too',
    { bucket: 'b', form: 'single', content_md5: false, condition: 'ignored' },
  ],
  [
    { ...target, kind: 'attempt_failed', attempt: 2, failure },
    'debug',
    `${NAME}: attempt 2 failed: SlowDown: slow\\ndown (HTTP 503, request id R1)`,
    { ...shownTarget, attempt: 2, ...wire },
  ],
  [
    {
      ...target,
      kind: 'attempt_failed',
      attempt: 1,
      failure: { code: 'connection_reset', message: 'gone', httpStatus: null, requestId: null },
    },
    'debug',
    `${NAME}: attempt 1 failed: connection_reset: gone`,
    { ...shownTarget, attempt: 1, code: 'connection_reset', message: 'gone', http_status: null, request_id: null },
  ],
  [
    { ...target, kind: 'retry_scheduled', retry: 1, retries: 3, delayMs: 1000, failure },
    'notice',
    `${NAME}: SlowDown, attempt 1 of 4, next in 1 s`,
    { ...shownTarget, retry: 1, retries: 3, delay_ms: 1000, ...wire },
  ],
  [
    { ...target, kind: 'operation_finished', result: 'success', code: null, durationMs: 1234.56, bytes: 9 },
    'debug',
    `${NAME}: success after 1.23 s`,
    { ...shownTarget, result: 'success', code: null, duration_ms: 1235, bytes: 9 },
  ],
  [
    {
      operation: 'list_objects',
      bucket: 'b',
      kind: 'operation_finished',
      result: 'error',
      code: 'unavailable',
      durationMs: 0,
      bytes: 0,
    },
    'debug',
    'list_objects s3://b/: unavailable after 0 s',
    {
      operation: 'list_objects',
      bucket: 'b',
      key: null,
      result: 'error',
      code: 'unavailable',
      duration_ms: 0,
      bytes: 0,
    },
  ],
  [
    { kind: 'circuit_changed', transition },
    'warning',
    'circuit s3-upload@x: closed -> open, threshold reached: SlowDown',
    { ...changed, code: 'SlowDown' },
  ],
  [
    { kind: 'circuit_changed', transition: { ...transition, from: 'open', to: 'closed', why: 'reset', cause: null } },
    'notice',
    'circuit s3-upload@x: open -> closed, reset',
    { ...changed, from: 'open', to: 'closed', why: 'reset', code: null },
  ],
  [
    { kind: 'circuit_refused', refusal: refusalOf({ circuit: 's3-upload@x', retryAfterMs: 500 }) },
    'debug',
    'circuit s3-upload@x refused: open',
    { circuit: 's3-upload@x', reason: 'open', retry_after_ms: 500 },
  ],
  [
    { kind: 'result_ignored', circuit: 'c', verdict: 'failure', state: 'half_open', permitEpoch: 2, epoch: 4 },
    'debug',
    'circuit c: ignored a stale failure from epoch 2, now 4 (half_open)',
    { circuit: 'c', verdict: 'failure', state: 'half_open', permit_epoch: 2, epoch: 4 },
  ],
  [
    { kind: 'warning', reason: 'state', message: 'odd\nfile' },
    'warning',
    'odd\\nfile',
    { reason: 'state', message: 'odd\nfile' },
  ],
];

const SILENT: readonly Event[] = [
  { ...target, kind: 'operation_started' },
  { kind: 'transfer_started', name: 'n', totalBytes: 1 },
  { kind: 'bytes_moved', name: 'n', bytes: 1 },
  { kind: 'transfer_finished', name: 'n', ok: true },
  { kind: 'objects_swept', bucket: 'b', matched: 1, deleted: 1, changed: 0, failed: 0, bytes: 1 },
  { kind: 'sweep_finished', bucket: 'b', deleted: 1, failed: 0 },
];

describe('the log of events', () => {
  it.each(TOLD)('tells %o at its level as text, and as JSON with its fields', (event, level, text, fields) => {
    const plain = capture({ verbose: true });
    createEventLog(plain.output, clock)(event);
    expect(plain.stderr()).toBe(`${level}: ${text}\n`);

    const lines = capture({ verbose: true, logFormat: 'json' });
    createEventLog(lines.output, clock)(event);
    const line = lines.stderr();
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toMatchObject({ ...fields, time: TIME, level, event: event.kind });
    expect(plain.stdout() + lines.stdout()).toBe('');
  });

  it('has no line at level debug without --verbose, and all others', () => {
    const { output, stderr } = capture({});
    for (const [event] of TOLD) createEventLog(output, clock)(event);
    const others = TOLD.filter(([, level]) => level !== 'debug').map(([, level, text]) => `${level}: ${text}\n`);
    expect(stderr()).toBe(others.join(''));
  });

  it.each(SILENT)('leaves $kind to progress and metrics', (event) => {
    expect(eventLine(event)).toBeNull();
  });

  it.each([
    [{}, ['notice', 'warning']],
    [{ verbose: true }, ['debug', 'notice', 'warning']],
    [{ quiet: true }, []],
    [{ quiet: true, verbose: true }, []],
  ])('under %j tells the levels %j', (mode, levels) => {
    const { output, stderr } = capture(mode);
    for (const [event] of TOLD) createEventLog(output, clock)(event);
    const told = new Set(Array.from(stderr().matchAll(/^(\w+): /gm), ([, level]) => level));
    expect(told).toEqual(new Set(levels));
  });

  it('colours only the level, and only with colours on', () => {
    const { output, stderr } = capture({ stderrHasColour: true });
    createEventLog(output, clock)({ kind: 'warning', reason: 'x', message: '\u001b[31mred' });
    expect(stderr()).toBe('\u001b[33mwarning\u001b[0m: \\x1b[31mred\n');
  });
});

describe('formatSeconds', () => {
  it.each([
    [0, '0 s'],
    [4, '0 s'],
    [250, '0.25 s'],
    [1000, '1 s'],
    [9994, '9.99 s'],
    [10_400, '10 s'],
    [125_000, '125 s'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatSeconds(ms)).toBe(text);
  });
});

const refused = new BreakwaterError('circuit_open', 'circuit refuses', {
  details: { hint: 'wait\u0007', httpStatus: 503, requestId: 'R1', attempts: 1 },
});

describe('report', () => {
  const result = { json: { reset: true }, lines: ['one', 'two'], summary: 'done' };

  it.each([
    ['a terminal or a pipe', {}, result, 'one\ntwo\ndone\n', '', 0],
    ['--quiet', { quiet: true }, result, 'one\ntwo\n', '', 0],
    ['--json', { json: true }, result, '{"ok":true,"command":"put","reset":true}\n', '', 0],
    ['--json --quiet', { json: true, quiet: true }, result, '{"ok":true,"command":"put","reset":true}\n', '', 0],
    ['nothing to say', {}, { json: null }, '', '', 0],
    ['no summary', {}, { json: null, summary: null }, '', '', 0],
  ])('prints what a command hands back: %s', (_where, mode, given, out, err, status) => {
    const { output, stdout, stderr } = capture(mode);
    expect(report(output, clock, { command: 'put', result: given })).toBe(status);
    expect(stdout()).toBe(out);
    expect(stderr()).toBe(err);
  });

  it('prints a result with a failure, logs the failure, and returns its status', () => {
    const { output, stdout, stderr } = capture();
    const failed = { ...result, failure: new BreakwaterError('partial', '1 of 2 failed') };
    expect(report(output, clock, { command: 'put', result: failed })).toBe(3);
    expect(stdout()).toBe('one\ntwo\ndone\n');
    expect(stderr()).toBe('error: 1 of 2 failed (partial)\n');
  });

  it('prints one document for both under --json', () => {
    const { output, stdout, stderr } = capture({ json: true });
    const failed = { ...result, failure: new BreakwaterError('partial', '1 of 2 failed') };
    expect(report(output, clock, { command: 'put', result: failed })).toBe(3);
    expect(JSON.parse(stdout())).toMatchObject({ ok: false, command: 'put', reset: true, error: { code: 'partial' } });
    expect(stderr()).toBe('error: 1 of 2 failed (partial)\n');
  });
});

describe('reportFailure', () => {
  it('logs what failed, the facts and the hint, even under --quiet', () => {
    const { output, stdout, stderr } = capture({ quiet: true });
    expect(reportFailure(output, clock, { command: 'put', error: refused })).toBe(75);
    expect(stderr()).toBe(
      'error: circuit refuses (circuit_open, HTTP 503, request id R1, 1 attempt)\n  hint: wait\\x07\n',
    );
    expect(stdout()).toBe('');
  });

  it('counts attempts', () => {
    const { output, stderr } = capture();
    const error = new BreakwaterError('unavailable', 'no', { details: { attempts: 4 } });
    expect(reportFailure(output, clock, { command: 'put', error })).toBe(69);
    expect(stderr()).toBe('error: no (unavailable, 4 attempts)\n');
  });

  it('prints the document of the failure under --json, one line of it', () => {
    const { output, stdout } = capture({ json: true });
    expect(reportFailure(output, clock, { command: null, error: refused })).toBe(75);
    const text = stdout();
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toMatchObject({ ok: false, command: null, error: { exit_status: 75, attempts: 1 } });
  });

  it('is one JSON line on stderr with --log-format json, including the hint', () => {
    const { output, stderr } = capture({ logFormat: 'json', verbose: true });
    reportFailure(output, clock, {
      command: 'put',
      error: new BreakwaterError('internal', 'unexpected x', { cause: 1 }),
    });
    const line = stderr();
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(JSON.parse(line)).toMatchObject({
      time: TIME,
      level: 'error',
      event: 'error',
      message: 'unexpected x (internal)',
      error: { code: 'internal', exit_status: 70 },
    });
  });

  it.each([
    ['an unexpected error under --verbose', 'internal', { verbose: true }, true],
    ['an unexpected error', 'internal', {}, false],
    ['an expected one under --verbose', 'unavailable', { verbose: true }, false],
  ] as const)('shows the stack of %s: %#', (_what, code, mode, isShown) => {
    const { output, stderr } = capture(mode);
    const cause = new TypeError('x is not a function');
    reportFailure(output, clock, { command: 'put', error: new BreakwaterError(code, 'unexpected', { cause }) });
    expect(stderr().includes('report.test.ts')).toBe(isShown);
  });

  it.each([[{}], [{ json: true }]])('says nothing to a reader that had enough: %j', (mode) => {
    const { output, stdout, stderr } = capture(mode);
    const error = new BreakwaterError('interrupted', 'x', { details: { reason: 'closed_pipe' } });
    expect(reportFailure(output, clock, { command: 'get', error })).toBe(0);
    expect(stdout() + stderr()).toBe('');
  });
});
