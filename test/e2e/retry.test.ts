import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** The SDK's adaptive limiter may hold a request back for up to a second after a throttle. */
const LIMITER_MS = 1000;

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
    for (const [index, gapMs] of [1000, 2000, 4000].entries()) {
      const measuredMs = times[index + 1]! - times[index]!;
      expect(measuredMs).toBeGreaterThanOrEqual(gapMs - 10);
      expect(measuredMs).toBeLessThan(gapMs + LIMITER_MS + 500);
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
});
