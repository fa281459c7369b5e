import { describe, expect, it } from 'vitest';
import { listeningLines, phaseLine, requestLine } from '../../../../src/cli/output/sandbox-lines.ts';
import { parseSeed } from '../../../../src/cli/flags/seed-flag.ts';
import { BreakwaterError } from '../../../../src/errors.ts';

const DAY_MS = 86_400_000;
const nowMs = Date.UTC(2026, 0, 2);

describe('parseSeed', () => {
  it.each([
    ['demo/a.txt', { bucket: 'demo', keys: ['a.txt'], ageMs: 0, sizeBytes: 1024 }],
    ['demo/x/y z:age=9d', { bucket: 'demo', keys: ['x/y z'], ageMs: 9 * DAY_MS, sizeBytes: 1024 }],
    ['demo/big:size=8MiB', { bucket: 'demo', keys: ['big'], ageMs: 0, sizeBytes: 8_388_608 }],
    ['demo/n-{n}.log:count=2', { bucket: 'demo', keys: ['n-1.log', 'n-2.log'], ageMs: 0, sizeBytes: 1024 }],
    ['demo/n:count=1:size=0B', { bucket: 'demo', keys: ['n1'], ageMs: 0, sizeBytes: 0 }],
  ])('reads %s', (text, plan) => {
    expect(parseSeed(text)).toEqual(plan);
  });

  it('pads numbers, so that keys stay in order', () => {
    const { keys } = parseSeed('demo/k{n}:count=100');
    expect([keys[0], keys[99], keys.length]).toEqual(['k001', 'k100', 100]);
    expect(keys.toSorted()).toEqual(keys);
  });

  it.each([
    ['demo', 'no bucket and key'],
    ['/key', 'no bucket and key'],
    ['demo/', 'no bucket and key'],
    ['NO/key', '"NO" is not a valid bucket name'],
    ['demo/a:age', '"age" is not OPTION=VALUE'],
    ['demo/a:age=old', '"old" is not a valid age'],
    ['demo/a:count=0', '"0" is not a valid count'],
    ['demo/a:count=1000001', '"1000001" is not a valid count'],
    ['demo/a:colour=red', 'unknown option colour'],
    ['demo/a:size=1MiB:count=2000', '1 GiB at most'],
    ['demo/\u001b[2J:x', '"demo/\\x1b[2J:x" is not a valid seed'],
  ])('refuses %j', (text, says) => {
    expect(() => parseSeed(text)).toThrow(BreakwaterError);
    expect(() => parseSeed(text)).toThrow(says);
  });
});

describe('the lines of a sandbox', () => {
  const sandbox = { endpoint: 'http://127.0.0.1:1', region: 'r', accessKeyId: 'a', secretAccessKey: 's' };
  const called = { program: 'npx breakwater' };
  const request = {
    atMs: 0,
    method: 'PUT',
    url: '/b/k',
    operation: 'PutObject',
    bucket: 'b',
    key: 'k\u0007',
    sdkAttempt: null,
    status: 503,
    code: 'SlowDown',
    fault: 'error',
    receivedBytes: 0,
    sentBytes: 0,
  };

  it('say what to do next, for the scenario', () => {
    const calm = listeningLines(sandbox, { ...called, scenario: 'calm', logFormat: 'text', nowMs }).join('\n');
    expect(calm).toContain('curl -d PutObject:503:ServiceUnavailable http://127.0.0.1:1/_sandbox/faults');
    expect(calm).toContain('\n  npx breakwater get s3://demo/hello.txt -\n');
    const story = listeningLines(sandbox, { ...called, scenario: 'flapping', logFormat: 'text', nowMs }).join('\n');
    expect(story).toContain('breaker-status --watch');
    expect(story).not.toContain('_sandbox/faults');
  });

  it('show requests and phases as text', () => {
    expect(requestLine(request, { logFormat: 'text', nowMs })).toBe('PutObject b/k\\x07 503 SlowDown (fault: error)');
    const unknown = { ...request, operation: null, status: null, code: null, fault: null };
    expect(requestLine(unknown, { logFormat: 'text', nowMs }).trimEnd()).toBe('PUT /b/k');
    const phase = { text: 'an outage', lastsMs: 30_000, faults: [] };
    expect(phaseLine(phase, { logFormat: 'text', nowMs })).toBe('scenario: an outage, for 30s');
    expect(phaseLine({ ...phase, lastsMs: null }, { logFormat: 'text', nowMs })).toBe('scenario: an outage');
  });

  it('are one JSON object each with --log-format json', () => {
    const form = { logFormat: 'json', nowMs } as const;
    const [start = '', ...rest] = listeningLines(sandbox, { ...called, scenario: 'calm', ...form });
    expect(rest).toEqual([]);
    expect(JSON.parse(start)).toMatchObject({ event: 'sandbox_started', endpoint: 'http://127.0.0.1:1' });
    expect(JSON.parse(requestLine(request, form))).toEqual({
      time: '2026-01-02T00:00:00.000Z',
      level: 'notice',
      message: 'PutObject b/k\\x07 503 SlowDown (fault: error)',
      event: 'request',
      method: 'PUT',
      url: '/b/k',
      operation: 'PutObject',
      bucket: 'b',
      key: 'k\u0007',
      status: 503,
      code: 'SlowDown',
      fault: 'error',
    });
    expect(JSON.parse(phaseLine({ text: 'x', lastsMs: null, faults: [] }, form))).toMatchObject({ lasts_ms: null });
  });
});
