import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

type Circuits = readonly Record<string, unknown>[];

describe('operating the circuits', () => {
  it('shows the cause of an open circuit, closes it by hand, and records both in the history', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRIES: '0',
      BREAKWATER_FAILURE_THRESHOLD: '2',
    });
    await writeFile(program.path('file'), 'bytes');
    const put = ['put', 'file', 's3://bucket/key'];
    const name = `s3-upload@${new URL(sandbox.endpoint).host}`;
    sandbox.addFault('PutObject:500:InternalError');
    await program.run(put);
    await program.run(put);
    await program.run(put);
    await program.run(put);

    const shown = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
    expect(shown['circuits'] as Circuits).toMatchObject([
      {
        name,
        state: 'open',
        would_refuse: true,
        reason: 'open',
        failures: 2,
        failure_threshold: 2,
        refused_since_opened: 2,
        opened_by: { command: 'put' },
        last_error: { code: 'InternalError', http_status: 500, request_id: expect.stringMatching(/./) },
      },
    ]);
    const table = (await program.run(['breaker-status'], { env: { TZ: 'UTC' } })).text;
    expect(table).toMatch(new RegExp(`^${name.replaceAll('.', '\\.')} +open +2/2 +- +probe in \\d+:\\d\\d$`, 'm'));
    expect(table).toMatch(/2 calls refused since it opened/);
    expect(table).toMatch(/^ {2}allowed again at \d\d:\d\d:\d\d UTC, in \d+ s$/m);
    const inZone = await program.run(['breaker-status'], { env: { TZ: 'Asia/Kolkata' } });
    expect(inZone.text).toMatch(/^ {2}allowed again at \d\d:\d\d:\d\d UTC\+5:30( tomorrow)?, in \d+ s$/m);

    const check = await program.run(['breaker-status', '--check', '--quiet']);
    expect([check.status, check.text, check.stderr]).toEqual([75, '', '']);
    expect((await program.run(['breaker-status', '--check'])).stderr).toMatch(/circuit_open/);
    const document = await program.run(['breaker-status', '--check', '--quiet', '--json']);
    expect([readDocument(document).error?.['code'], document.stderr]).toEqual(['circuit_open', '']);
    expect((await program.run(['breaker-status', '--check', 's3-download'])).status).toBe(0);

    sandbox.clearFaults();
    const reset = await program.run(['breaker-reset', 's3-upload', '--reason', 'S3 is back']);
    expect([reset.status, reset.text]).toEqual([0, `${name} is closed (was open)\n`]);
    expect((await program.run(put)).status).toBe(0);
    const { history } = readDocument(await program.run(['breaker-status', '--json', '--history']));
    expect(history as Circuits).toMatchObject([
      { from: 'open', to: 'closed', why: 'reset', manual: { by: userInfo().username, reason: 'S3 is back' } },
      { from: 'closed', to: 'open', why: 'threshold_reached', cause: { code: 'InternalError' } },
    ]);
  });

  it('an isolated circuit refuses until its end and says why; reads are not affected', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), 'bytes');
    sandbox.putObject('bucket', 'key', { body: 'x' });
    expect((await program.run(['breaker-isolate', 's3-upload', '--for', '1h', '--reason', 'migration'])).status).toBe(
      0,
    );

    const refused = await program.run(['put', '--json', 'file', 's3://bucket/key']);
    expect(refused.status).toBe(75);
    expect(readDocument(refused).error).toMatchObject({ code: 'circuit_open', reason: 'isolated' });
    expect(readDocument(refused).error?.['retry_after_ms']).toBeGreaterThan(3_300_000);
    expect((await program.run(['get', 's3://bucket/key', '-'])).text).toBe('x');
    const passed = await program.run(['put', '--no-breaker', 'file', 's3://bucket/key']);
    expect(passed.status).toBe(0);
    expect((await program.run(['breaker-status'])).text).toMatch(/isolated by .*: migration/);

    await program.run(['breaker-reset', '--all']);
    expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(0);
  });

  it('--wait waits for an open circuit instead of failing', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRIES: '0',
      BREAKWATER_FAILURE_THRESHOLD: '1',
      BREAKWATER_OPEN_FOR: '2s',
    });
    await writeFile(program.path('file'), 'bytes');
    sandbox.addFault('PutObject:500:InternalError:times=1');
    await program.run(['put', 'file', 's3://bucket/key']);
    const waited = await program.run(['put', '--wait', '10s', 'file', 's3://bucket/key']);
    expect(waited.status).toBe(0);
    expect(waited.durationMs).toBeGreaterThan(1000);
  });
});

describe('the sandbox command', () => {
  it('serves put and get until it is stopped', async () => {
    await using program = await Program.create({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'sandbox',
      AWS_SECRET_ACCESS_KEY: 'sandbox-secret',
    });
    const { child, ended } = program.start(['sandbox', '--port', '0', '--fault', 'PutObject:SlowDown:times=1']);
    const endpoint = await new Promise<string>((resolve) => {
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /AWS_ENDPOINT_URL_S3=(\S+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    const env = { AWS_ENDPOINT_URL_S3: endpoint, BREAKWATER_RETRY_BASE: '1ms' };
    expect((await program.run(['get', 's3://demo/hello.txt', '-'], { env })).text).toBe('Hello from the sandbox.\n');
    expect((await program.run(['put', '-', 's3://demo/new'], { env, input: 'x' })).status).toBe(0);
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect(status).toBe(0);
    expect(stderr).toMatch(/PutObject demo\/new 503 \(fault: error\)\nPutObject demo\/new 200/);
  });

  it('reports a port that is in use', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create();
    const ended = await program.run(['sandbox', '--json', '--port', new URL(sandbox.endpoint).port]);
    expect(ended.status).toBe(78);
    expect(readDocument(ended).error).toMatchObject({ code: 'config', reason: 'port' });
  });
});
