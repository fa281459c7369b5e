import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/** `npm run proof` sweeps 100,000. */
const OBJECTS = Number(process.env['BREAKWATER_SWEEP_OBJECTS'] ?? 5000);
const DAY_MS = 86_400_000;
const BODY = '0123456789';
const SWEEP = ['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--yes', '--json'];

/** `tmp/000000` and up, so that the end of a key picks every tenth and every hundredth. */
function seed(sandbox: TestSandbox, count: number): void {
  for (let number = 0; number < count; number += 1) {
    sandbox.putObject('bucket', `tmp/${String(number).padStart(6, '0')}`, { body: BODY, ageMs: DAY_MS });
  }
}

const countOf = (sandbox: TestSandbox, operation: string): number =>
  sandbox.requests().filter((request) => request.operation === operation).length;

describe('a sweep', () => {
  it(`of ${OBJECTS} objects counts exactly and names each that stayed once, whatever the store does`, async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRY_BASE: '50ms',
      BREAKWATER_RETRIES: '6',
    });
    seed(sandbox, OBJECTS);
    for (const fault of [
      // Every tenth fails once inside a 200, every hundredth always.
      'DeleteObjectsEntry:InternalError:suffix=5:each=1',
      'DeleteObjectsEntry:InternalError:suffix=00',
      'DeleteObjects:SlowDown:skip=3:times=3',
      'DeleteObjects:SlowDown:skip=40:times=3',
      'DeleteObjects:reset:every=17',
      'DeleteObjects:lost:every=19',
      'ListObjectsV2:SlowDown:skip=2:times=2',
      'ListObjectsV2:reset:every=13',
      'ListObjectsV2:truncate:every=11',
    ]) {
      sandbox.addFault(fault);
    }
    const always = OBJECTS / 100;
    const told = { matched: OBJECTS, changed: 0, failed: always, complete: true };

    const swept = await program.run([...SWEEP, '--report', 'left.ndjson'], { killAfterMs: 240_000 });

    const { stdout: _, ...rest } = swept;
    expect([rest.status, rest.stderr.includes('Error:')], rest.stderr).toEqual([0, false]);
    expect(readDocument(swept)).toMatchObject({
      ...told,
      deleted: OBJECTS - always,
      bytes: (OBJECTS - always) * BODY.length,
    });
    const left = sandbox.keys('bucket');
    expect(left).toHaveLength(always);
    expect(left.every((key) => key.endsWith('00'))).toBe(true);
    const named = (await readFile(program.path('left.ndjson'), 'utf8')).trimEnd().split('\n');
    const keys = named.map((line) => (JSON.parse(line) as { key: string; code: string }).key);
    expect(keys.toSorted()).toEqual(left);
    expect((await program.run(['breaker-status', '--json'])).text).not.toMatch(
      /"state":"(?:open|half_open)"|"failures":[1-9]/,
    );
    const metrics = (await program.run(['metrics'])).text;
    expect(metrics).toContain(`s3_sweep_matched_objects_total{bucket="bucket"} ${OBJECTS}`);
    expect(metrics).toContain(`s3_sweep_objects_total{bucket="bucket",result="deleted"} ${OBJECTS - always}`);
    expect(metrics).toContain(`s3_sweep_objects_total{bucket="bucket",result="failed"} ${always}`);
    expect(metrics).toContain(`s3_sweep_freed_bytes_total{bucket="bucket"} ${(OBJECTS - always) * BODY.length}`);
    expect(metrics).toMatch(/s3_sweep_last_success_timestamp_seconds\{bucket="bucket"\} 1/);
    expect(metrics).not.toMatch(/s3_circuit_breaker_transitions_total\{/);

    sandbox.clearFaults();
    sandbox.addFault('DeleteObjectsEntry:InternalError:suffix=00');
    const strict = await program.run([...SWEEP, '--strict', '--retries', '0']);
    expect(strict.status, strict.text).toBe(3);
    expect(readDocument(strict)).toMatchObject({ matched: always, failed: always, error: { code: 'partial' } });
  });

  it('that is killed half way leaves nothing that the next one does not finish', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    seed(sandbox, 8000);
    sandbox.addFault('DeleteObjects:latency:after=200ms');
    const { child, ended } = program.start(SWEEP);
    await vi.waitFor(() => expect(sandbox.keys('bucket').length).toBeLessThan(8000), PATIENCE);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    sandbox.clearFaults();
    expect(sandbox.keys('bucket').length).toBeGreaterThan(0);

    const next = await program.run(SWEEP);

    expect([next.status, next.stderr]).toEqual([0, '']);
    expect(readDocument(next)).toMatchObject({ complete: true, failed: 0 });
    expect(sandbox.keys('bucket')).toEqual([]);
  });

  it('ends after SIGTERM with 143 when its batches have their answers, and says what it did', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    seed(sandbox, 20_000);
    sandbox.addFault('DeleteObjects:latency:skip=1:after=1s');
    const { child, ended } = program.start(SWEEP);
    await vi.waitFor(() => expect(countOf(sandbox, 'DeleteObjects')).toBeGreaterThan(3), PATIENCE);
    child.kill('SIGTERM');
    const result = await ended;
    expect(result.status).toBe(143);
    const document = readDocument(result);
    expect(document).toMatchObject({ ok: false, complete: false, error: { code: 'interrupted' } });
    // What was on its way was carried out and is counted; what waited for its turn was not begun, and is in no count.
    expect(document['matched']).toBe(document['deleted']);
    expect(document['deleted']).toBe(20_000 - sandbox.keys('bucket').length);
    expect(document['deleted']).toBeGreaterThan(1000);
    expect(sandbox.keys('bucket').length).toBeGreaterThan(0);
  });

  it('is the only one of its prefix; a second ends as locked and says who has it', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    seed(sandbox, 10);
    sandbox.addFault('DeleteObjects:hang');
    const { child, ended } = program.start(SWEEP);
    await vi.waitFor(() => expect(countOf(sandbox, 'DeleteObjects')).toBe(1), PATIENCE);

    const second = await program.run(SWEEP);
    expect(second.status).toBe(75);
    expect(readDocument(second).error).toMatchObject({
      code: 'locked',
      reason: 'sweep_running',
      message: expect.stringContaining(`by process ${child.pid} on `) as string,
    });
    // Looking is no sweep.
    expect((await program.run(['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--dry-run'])).status).toBe(0);

    // The lock dies with its owner.
    child.kill('SIGKILL');
    await ended;
    sandbox.clearFaults();
    expect((await program.run(SWEEP)).status).toBe(0);
    expect(sandbox.keys('bucket')).toEqual([]);
  });
});
