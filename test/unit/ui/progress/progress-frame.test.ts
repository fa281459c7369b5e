import { describe, expect, it } from 'vitest';
import { measureLine, toText } from '../../../../src/ui/frame.ts';
import { ASCII_SYMBOLS, UNICODE_SYMBOLS } from '../../../../src/ui/symbols.ts';
import { drawProgress } from '../../../../src/ui/progress/progress-frame.ts';
import { NO_TRANSFER, TransferFollower, type TransferSnapshot } from '../../../../src/ui/progress/progress-snapshot.ts';

const HALF: TransferSnapshot = {
  ...NO_TRANSFER,
  name: 'a',
  started: 1,
  startedAtMs: 0,
  movedBytes: 512,
  totalBytes: 1024,
};
const WAIT = { code: 'SlowDown', attempt: 2, attempts: 4, untilMs: 2500 };
const FILLING = { name: 's3-upload@x', state: 'closed', failures: 3, failureThreshold: 5 } as const;

function draw(
  snapshot: TransferSnapshot,
  columns: number,
  { name = 's3://b/a', symbols = ASCII_SYMBOLS } = {},
): string {
  return toText(drawProgress(snapshot, { nowMs: 1000, name, columns, symbols }));
}

describe('drawProgress', () => {
  it.each([
    ['half', 512, `[${'#'.repeat(12)}${'-'.repeat(12)}] 50 % of 1.0 KiB, 512 B/s, 0:01 left  s3://b/a`],
    ['nothing', 0, `[${'-'.repeat(24)}] 0 % of 1.0 KiB  s3://b/a`],
    ['a little', 1, `[#${'-'.repeat(23)}] 0 % of 1.0 KiB, 1 B/s, 17:03 left  s3://b/a`],
    ['almost all', 1023, `[${'#'.repeat(23)}-] 99 % of 1.0 KiB, 1023 B/s, 0:01 left  s3://b/a`],
    ['all', 1024, `[${'#'.repeat(24)}] 100 % of 1.0 KiB, 1.0 KiB/s, 0:00 left  s3://b/a`],
  ])('shows a bar, the numbers and the name: %s', (_share, movedBytes, line) => {
    expect(draw({ ...HALF, movedBytes }, 100)).toBe(line);
  });

  it('has no bar where no whole is known', () => {
    expect(draw({ ...HALF, totalBytes: null }, 100)).toBe('512 B, 512 B/s  s3://b/a');
  });

  it('leaves the bar out where it is narrow', () => {
    expect(draw(HALF, 60)).toContain('[#');
    expect(draw(HALF, 59)).toBe('50 % of 1.0 KiB, 512 B/s, 0:01 left  s3://b/a');
  });

  it('counts requests in flight when there are several', () => {
    expect(draw({ ...HALF, inFlight: 1 }, 59)).not.toContain('in flight');
    expect(draw({ ...HALF, inFlight: 4 }, 59)).toContain('0:01 left, 4 in flight');
  });

  it.each([
    ['one wait, counting down', [WAIT], 'SlowDown, attempt 2 of 4, next in 2 s'],
    ['the next of several', [{ ...WAIT, untilMs: 9000 }, WAIT], 'SlowDown, attempt 2 of 4, next in 2 s, and 1 more'],
  ])('shows %s below it', (_what, waits, line) => {
    expect(draw({ ...HALF, waits }, 100).split('\n')[1]).toBe(`  ${line}`);
  });

  it.each([
    ['with its limit', { reason: 'rate_limit', untilMs: 13_000 }, 'waiting: S3 throttles requests, at most 12 s'],
    [
      'without one',
      { reason: 'own_probe', untilMs: null },
      'waiting: a probe of this command decides whether the circuit closes',
    ],
  ] as const)('shows what operations wait for beside backoff, %s', (_what, hold, line) => {
    expect(draw({ ...HALF, holds: [hold] }, 100).split('\n')[1]).toBe(`  ${line}`);
  });

  it('follows waits to their end', () => {
    const wait = { kind: 'wait_started', reason: 'open', circuit: 's3-upload@x', atMostMs: 5000 } as const;
    const follower = new TransferFollower(HALF);
    follower.follow(wait, () => 1000);
    expect(draw(follower.snapshot, 100)).toContain('waiting: the circuit is open, at most 5 s');
    follower.follow({ kind: 'wait_ended', reason: 'open' }, () => 2000);
    expect(draw(follower.snapshot, 100)).not.toContain('\n');
  });

  it('shows nothing of a wait that is over', () => {
    expect(draw({ ...HALF, waits: [{ ...WAIT, untilMs: 1000 }] }, 100)).not.toContain('\n');
  });

  it.each([
    ['filling', FILLING, 'circuit s3-upload@x ###.. 3/5'],
    ['one of many', { ...FILLING, failureThreshold: 50 }, 'circuit s3-upload@x 3/50'],
    ['open', { ...FILLING, state: 'open' as const }, 'circuit s3-upload@x [X] OPEN'],
    ['half-open', { ...FILLING, state: 'half_open' as const }, 'circuit s3-upload@x [~] HALF-OPEN'],
  ])('shows the circuit below it: %s', (_how, circuit, line) => {
    expect(draw({ ...HALF, circuit }, 100).split('\n')[1]).toBe(`  ${line}`);
  });

  it('shows wait and circuit beside each other, and nothing of a circuit that is well', () => {
    expect(draw({ ...HALF, waits: [WAIT], circuit: FILLING }, 100, { symbols: UNICODE_SYMBOLS }).split('\n')[1]).toBe(
      '  SlowDown, attempt 2 of 4, next in 2 s   circuit s3-upload@x ■■■·· 3/5',
    );
    expect(draw({ ...HALF, circuit: { ...FILLING, failures: 0 } }, 100)).not.toContain('\n');
  });

  it('shortens a long name in the middle, by columns, and leaves out what does not fit', () => {
    const name = `s3://bucket/${'数据/'.repeat(30)}e\u0301👩‍🚀.tar`;
    const snapshot = { ...HALF, inFlight: 8, failed: 2 };
    expect(draw(snapshot, 120, { name })).toMatch(/ 2 failed {2}s3:\/\/bucke.*~.*\.tar$/);
    expect(draw(snapshot, 40, { name })).toBe('50 % of 1.0 KiB, 0:01 left, 2 failed');
    expect(draw(snapshot, 20, { name })).toBe('50 % of 1.0 KiB');
    const circuit = { ...FILLING, state: 'open' as const, name: `s3-upload@${'h'.repeat(70)}.example:9000` };
    expect(draw({ ...HALF, circuit }, 60, { name }).split('\n')[1]).toMatch(
      /^ {2}circuit s3-upload@h+~h+.example:9000 \[X\] OPEN$/,
    );
    expect(draw({ ...HALF, circuit }, 27, { name }).split('\n')[1]).toBe('  circuit [X] OPEN');
    for (let columns = 1; columns < 200; columns += 1) {
      const frame = drawProgress(
        { ...snapshot, circuit, waits: [WAIT] },
        { nowMs: 1000, name, columns, symbols: UNICODE_SYMBOLS },
      );
      for (const line of frame) expect(measureLine(line)).toBeLessThanOrEqual(Math.max(1, columns - 1));
    }
  });

  it('keeps the name in its place while the numbers get shorter', () => {
    const picture = { nowMs: 1000, name: 'n', columns: 80, symbols: ASCII_SYMBOLS, numbersColumns: 20 };
    expect(toText(drawProgress({ ...HALF, totalBytes: null }, picture))).toBe('512 B, 512 B/s        n');
  });

  it.each([[2], [20], [21], [40], [59], [60], [80], [200]])(
    'never is wider than %d columns, however long the name',
    (columns) => {
      const lines = draw({ ...HALF, waits: [WAIT], circuit: FILLING }, columns, { name: 'n'.repeat(500) }).split('\n');
      expect(lines).toHaveLength(2);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(columns);
    },
  );
});
