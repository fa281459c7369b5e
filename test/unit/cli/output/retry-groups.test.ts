import { describe, expect, it } from 'vitest';
import { eventLine } from '../../../../src/cli/output/log-line.ts';
import { groupRetries } from '../../../../src/cli/output/retry-groups.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function prepare() {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const { read, end } = groupRetries((event) => {
    const line = eventLine(event);
    if (line !== null) lines.push(line.text);
  }, clock);
  const start = (key: string): void => read({ kind: 'request_started', operation: 'put_object', bucket: 'b', key });
  const fail = (key: string, { retry = 1, code = 'SlowDown' } = {}): void => {
    const target = { operation: 'put_object', bucket: 'b', key } as const;
    read({ ...target, kind: 'request_ended' });
    const failure = { code, message: 'x', httpStatus: 503, requestId: null, retryAfterMs: null } as never;
    read({ ...target, kind: 'retry_scheduled', retry, retries: 3, delayMs: 1000, failure });
  };
  return { clock, lines, start, fail, end, read };
}

describe('groupRetries', () => {
  it('logs the retries of a single object at once, one by one', () => {
    const { lines, start, fail, clock } = prepare();
    for (const retry of [1, 2, 3]) {
      start('k');
      fail('k', { retry });
    }
    expect(lines).toEqual(
      [1, 2, 3].map((retry) => `put_object s3://b/k: SlowDown, attempt ${retry} of 4, next in 1 s`),
    );
    expect(clock.sleeping).toBe(3);
  });

  it('makes one line of retries that are alike, and counts them', async () => {
    const { clock, lines, start, fail, end } = prepare();
    const keys = Array.from({ length: 16 }, (_, index) => `k${index}`);
    keys.forEach(start);
    for (const key of keys) fail(key);
    expect(lines).toEqual([]);
    await clock.advance(250);
    expect(lines).toEqual(['put_object s3://b/ (16 requests): SlowDown, attempt 1 of 4, next in 1 s']);
    end();
    expect([lines.length, clock.sleeping]).toEqual([1, 0]);
  });

  it('names the object of which all of them are', async () => {
    const { clock, lines, start, fail } = prepare();
    for (let part = 0; part < 4; part += 1) start('big');
    for (let part = 0; part < 4; part += 1) fail('big');
    await clock.advance(250);
    expect(lines).toEqual(['put_object s3://b/big (4 requests): SlowDown, attempt 1 of 4, next in 1 s']);
  });

  it('gathers those of objects that wait between two attempts, too', async () => {
    const { clock, lines, start, fail, read } = prepare();
    for (const key of ['a', 'b']) read({ kind: 'operation_started', operation: 'put_object', bucket: 'b', key });
    for (const key of ['a', 'b']) {
      start(key);
      fail(key);
    }
    await clock.advance(250);
    expect(lines).toEqual(['put_object s3://b/ (2 requests): SlowDown, attempt 1 of 4, next in 1 s']);
  });

  it('tells codes and attempts apart', async () => {
    const { clock, lines, start, fail } = prepare();
    for (const key of ['a', 'b', 'c', 'd', 'e']) start(key);
    fail('a');
    fail('b', { code: 'InternalError' });
    fail('c', { retry: 2 });
    fail('d');
    await clock.advance(250);
    expect(lines).toEqual([
      'put_object s3://b/ (2 requests): SlowDown, attempt 1 of 4, next in 1 s',
      'put_object s3://b/b: InternalError, attempt 1 of 4, next in 1 s',
      'put_object s3://b/c: SlowDown, attempt 2 of 4, next in 1 s',
    ]);
  });

  it('repeats what goes on every 10 s, and the rest at the end, also one object at a time', async () => {
    const { clock, lines, start, fail, end } = prepare();
    for (let second = 0; second < 25; second += 1) {
      start(`k${second}`);
      fail(`k${second}`);
      await clock.advance(1000);
    }
    end();
    expect(lines.map((line) => line.replace(/: .*/, ''))).toEqual([
      'put_object s3://b/k0',
      'put_object s3://b/ (9 requests)',
      'put_object s3://b/ (10 requests)',
      'put_object s3://b/ (5 requests)',
    ]);
    expect(clock.sleeping).toBe(0);
  });

  it('passes everything else on, and after the end retries too', () => {
    const { lines, start, fail, end, read } = prepare();
    read({ kind: 'warning', reason: 'x', message: 'passed' });
    end();
    start('a');
    start('b');
    fail('a');
    expect(lines).toEqual(['passed', 'put_object s3://b/a: SlowDown, attempt 1 of 4, next in 1 s']);
  });
});
