import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

describe('the circuit over several processes', () => {
  it('opens on the fifth failing put, refuses the sixth without a request, and leaves get alone', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, BREAKWATER_RETRIES: '0' });
    await writeFile(program.path('file'), 'bytes');
    expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(0);
    sandbox.addFault('PutObject:500:InternalError');
    for (let count = 1; count <= 5; count += 1) {
      expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(69);
    }
    sandbox.clearRequests();

    const askedAtMs = Date.now();
    const refused = await program.run(['put', '--json', 'file', 's3://bucket/key']);
    const answeredAtMs = Date.now();

    expect(refused.status).toBe(75);
    const { error } = readDocument(refused);
    const scope = new URL(sandbox.endpoint).host;
    expect(error).toMatchObject({
      code: 'circuit_open',
      reason: 'open',
      circuit: `s3-upload@${scope}`,
      exit_status: 75,
    });
    const { circuits } = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
    const dueAtMs = Date.parse((circuits as { opened_at: string }[])[0]!.opened_at) + 60_000;
    expect(error?.['retry_after_ms']).toBeGreaterThanOrEqual(dueAtMs - answeredAtMs);
    expect(error?.['retry_after_ms']).toBeLessThanOrEqual(dueAtMs - askedAtMs);
    expect(sandbox.requests()).toHaveLength(0);

    expect((await program.run(['get', 's3://bucket/key', 'copy'])).status).toBe(0);
    expect(await readFile(program.path('copy'), 'utf8')).toBe('bytes');
  });

  it('admits probes when they are due, and closes after two successes', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRIES: '0',
      BREAKWATER_FAILURE_THRESHOLD: '1',
      BREAKWATER_OPEN_FOR: '1ms',
    });
    await writeFile(program.path('file'), 'bytes');
    sandbox.addFault('PutObject:500:InternalError:times=1');
    expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(69);
    const states: unknown[] = [];
    for (let count = 1; count <= 2; count += 1) {
      expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(0);
      const { circuits } = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
      states.push((circuits as { state: string }[])[0]?.state);
    }
    expect(states).toEqual(['half_open', 'closed']);
  });

  it('stops a run soon when everything is throttled, and lets the first run after the outage through', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRY_BASE: '100ms',
      BREAKWATER_FAILURE_THRESHOLD: '2',
      BREAKWATER_OPEN_FOR: '5s',
    });
    await mkdir(program.path('many'));
    for (let index = 0; index < 60; index += 1) await writeFile(program.path(`many/f${index}`), `${index}`);
    sandbox.addFault('PutObject:503:SlowDown');
    const throttled = await program.run(['put', '-r', 'many', 's3://bucket/p/']);
    expect(throttled.status).toBe(75);
    expect(throttled.stderr).toContain('waiting: S3 throttles requests, at most 29 s');
    // 16 first attempts, then at most one a second: with all objects sharing the rate it would be some 50 requests.
    expect(sandbox.requests().length).toBeLessThan(35);

    sandbox.clearFaults();
    const after = await program.run(['put', '-r', '--wait', '1m', 'many', 's3://bucket/p/']);
    expect(after).toMatchObject({ status: 0 });
    expect(after.stdout + after.stderr).toContain('sent 60 objects');
  });

  it('counts neither a rejection by S3 nor a missing object', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, BREAKWATER_FAILURE_THRESHOLD: '1' });
    await writeFile(program.path('file'), 'bytes');
    sandbox.addFault('PutObject:403:AccessDenied');
    expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(77);
    expect((await program.run(['get', 's3://bucket/missing', 'copy'])).status).toBe(66);
    const { circuits } = readDocument(await program.run(['breaker-status', '--json']));
    expect(circuits).toHaveLength(2);
    expect(circuits).toEqual(expect.arrayContaining([expect.objectContaining({ state: 'closed', failures: 0 })]));
  });

  it('is neither checked nor changed by a sweep', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRIES: '0',
      BREAKWATER_FAILURE_THRESHOLD: '1',
    });
    await writeFile(program.path('file'), 'bytes');
    for (const name of ['old', 'older']) sandbox.putObject('bucket', `tmp/${name}`, { body: 'x', ageMs: 86_400_000 });
    const outage = sandbox.addFault('*:500:InternalError');
    expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(69);
    expect((await program.run(['get', 's3://bucket/key', 'copy'])).status).toBe(69);
    expect((await program.run(['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--yes'])).status).toBe(69);
    const before = readDocument(await program.run(['breaker-status', '--json', '--history']));
    sandbox.removeFault(outage);

    const swept = await program.run(['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--yes', '--json']);

    expect(swept.status).toBe(0);
    expect(readDocument(swept)).toMatchObject({ matched: 2, deleted: 2, failed: 0 });
    const after = readDocument(await program.run(['breaker-status', '--json', '--history']));
    expect(JSON.stringify(after['history'])).toBe(JSON.stringify(before['history']));
    expect((after['circuits'] as { state: string }[]).map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('counts several parts that fail together as one failure', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, BREAKWATER_RETRIES: '0' });
    await writeFile(program.path('big'), randomBytes(33 * 1024 * 1024));
    sandbox.addFault('UploadPart:500:InternalError:after=500ms');
    expect((await program.run(['put', 'big', 's3://bucket/big'])).status).toBe(69);
    expect(sandbox.requests().filter(({ operation }) => operation === 'UploadPart').length).toBeGreaterThan(1);
    const { circuits } = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
    expect(circuits).toMatchObject([{ state: 'closed', failures: 1 }]);
  });

  it('is closed by two parts of one upload: each settles a probe, and the rest continues under a new permit', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRIES: '0',
      BREAKWATER_FAILURE_THRESHOLD: '1',
      BREAKWATER_OPEN_FOR: '1ms',
    });
    await writeFile(program.path('big'), randomBytes(33 * 1024 * 1024));
    sandbox.addFault('CreateMultipartUpload:500:InternalError:times=1');
    const put = ['put', 'big', 's3://bucket/big'];
    expect((await program.run(put)).status).toBe(69);
    expect((await program.run(put)).status).toBe(0);
    const { circuits, history } = readDocument(
      await program.run(['breaker-status', '--json', '--history', 's3-upload']),
    );
    expect(circuits).toMatchObject([{ state: 'closed', failures: 0 }]);
    expect((history as { why: string }[]).map(({ why }) => why)).toEqual([
      'probes_succeeded',
      'probe_due',
      'threshold_reached',
    ]);
  });
});
