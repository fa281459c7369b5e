import { describe, expect, it } from 'vitest';
import { createEventLog } from '../../../../src/cli/output/event-log.ts';
import type { Output, OutputMode } from '../../../../src/cli/output/output.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function prepare(mode: Partial<OutputMode> = {}) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const output = {
    mode: { logFormat: 'text', quiet: false, verbose: false, ...mode },
    note: (line: string) => lines.push(line),
  };
  return { clock, lines, log: createEventLog(output as unknown as Output, clock) };
}

const LIMIT = { kind: 'wait_started', reason: 'rate_limit', circuit: null, atMostMs: 29_000 } as const;
const PROBE = { kind: 'wait_started', reason: 'own_probe', circuit: 's3-upload@x', atMostMs: null } as const;

describe('the log of waits', () => {
  it('says what is waited for and how long', () => {
    const { lines, log } = prepare();
    log(LIMIT);
    log(PROBE);
    log({ ...PROBE, reason: 'probe_in_progress', atMostMs: 59_000 });
    log({ ...PROBE, reason: 'open', atMostMs: 12_000 });
    log({ ...PROBE, reason: 'isolated', atMostMs: 1500 });
    log({ kind: 'wait_ended', reason: 'open' });
    expect(lines).toEqual([
      'notice: waiting: S3 throttles requests, at most 29 s',
      'notice: waiting: a probe of this command decides whether circuit s3-upload@x closes',
      'notice: waiting: another process is probing circuit s3-upload@x, at most 59 s',
      'notice: waiting: circuit s3-upload@x is open, at most 12 s',
      'notice: waiting: circuit s3-upload@x is isolated, at most 1.5 s',
    ]);
  });

  it('repeats a wait that begins again only after 10 s', async () => {
    const { clock, lines, log } = prepare();
    log(LIMIT);
    await clock.advance(9999);
    log(LIMIT);
    log(PROBE);
    expect(lines).toHaveLength(2);
    await clock.advance(1);
    log(LIMIT);
    expect(lines).toHaveLength(3);
  });

  it('is silent under --quiet, and has its numbers in JSON', () => {
    const quiet = prepare({ quiet: true });
    quiet.log(LIMIT);
    expect(quiet.lines).toEqual([]);
    const json = prepare({ logFormat: 'json' });
    json.log(LIMIT);
    expect(JSON.parse(json.lines[0] ?? '')).toMatchObject({
      level: 'notice',
      event: 'wait_started',
      reason: 'rate_limit',
      circuit: null,
      at_most_ms: 29_000,
    });
  });
});
