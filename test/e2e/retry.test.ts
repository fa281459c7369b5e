import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** The SDK's adaptive limiter may hold a request back for up to a second after a throttle. */
const LIMITER_MS = 1000;
/** What a busy machine may add to a gap. */
const BUSY_MACHINE_MS = 5000;

describe('retries on the wire', () => {
  it('sends exactly 4 requests after 0, 1, 2 and 4 s when S3 says SlowDown for ever, whatever AWS_MAX_ATTEMPTS says', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, AWS_MAX_ATTEMPTS: '7', AWS_RETRY_MODE: 'standard' });
    await writeFile(program.path('file'), 'bytes');
    sandbox.addFault('PutObject:503:SlowDown');

    const ended = await program.run(['put', '--json', 'file', 's3://bucket/key']);

    expect(ended.status).toBe(69);
    expect(readDocument(ended).error).toMatchObject({
      code: 'unavailable',
      s3_code: 'SlowDown',
      http_status: 503,
      attempts: 4,
    });
    const times = sandbox.requests().map(({ atMs }) => atMs);
    expect(times).toHaveLength(4);
    const notices = ended.stderr.split('\n').filter((line) => line.startsWith('notice'));
    expect(notices).toEqual([1, 2, 4].map((seconds) => expect.stringMatching(new RegExp(`next in ${seconds} s$`))));
    for (const [index, gapMs] of [1000, 2000, 4000].entries()) {
      const measuredMs = times[index + 1]! - times[index]!;
      expect(measuredMs).toBeGreaterThanOrEqual(gapMs - 10);
      expect(measuredMs).toBeLessThan(gapMs + LIMITER_MS + BUSY_MACHINE_MS);
    }
  });

  it('sends 1 request for an object that is not there', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);

    const ended = await program.run(['get', '--json', 's3://bucket/missing', 'file']);

    expect(ended.status).toBe(66);
    expect(readDocument(ended).error).toMatchObject({ code: 'not_found', s3_code: 'NoSuchKey', attempts: 1 });
    expect(sandbox.requests()).toHaveLength(1);
  });

  it.each([
    ['once, at once and for free, when the clock of S3 is another', 3_600_000, null, [403, 200], 0],
    ['no second time when S3 says so again', 3_600_000, 'PutObject:403:RequestTimeTooSkewed', [403, 403], 78],
    ['not at all when there is nothing to correct', 0, 'PutObject:403:RequestTimeTooSkewed', [403], 78],
  ])('tries again %s', async (_what, skewMs, fault, statuses, status) => {
    await using sandbox = await startTestSandbox({ clock: { ...systemClock, now: () => Date.now() + skewMs } });
    await using program = await Program.create({ ...sandbox.env, BREAKWATER_RETRIES: '0' });
    await writeFile(program.path('file'), 'bytes');
    if (fault !== null) sandbox.addFault(fault);

    const ended = await program.run(['put', '--json', 'file', 's3://bucket/key']);

    expect(ended.status).toBe(status);
    expect(sandbox.requests().map((request) => request.status)).toEqual(statuses);
    // A refusal says nothing about the health of S3.
    const { circuits } = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
    expect(circuits).toMatchObject([{ state: 'closed', failures: 0 }]);
  });
});
