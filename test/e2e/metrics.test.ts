import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

describe('metrics over several processes', () => {
  it('are the sums of all of them, under the names and labels of the contract', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRY_BASE: '1ms',
      BREAKWATER_FAILURE_THRESHOLD: '1',
    });
    await writeFile(program.path('file'), 'bytes');
    const put = ['put', 'file', 's3://bucket/key'];
    await program.run(put);
    await program.run(put);
    await program.run(['get', 's3://bucket/missing', 'copy']);
    sandbox.addFault('PutObject:503:ServiceUnavailable');
    await program.run(put);
    await program.run(put);

    const { text } = await program.run(['metrics']);

    const lines = text.split('\n');
    const scope = new URL(sandbox.endpoint).host;
    for (const line of [
      's3_operations_total{operation="put_object",bucket="bucket",result="success"} 2',
      's3_operations_total{operation="put_object",bucket="bucket",result="error"} 1',
      's3_operations_total{operation="put_object",bucket="bucket",result="circuit_open"} 1',
      's3_operations_total{operation="get_object",bucket="bucket",result="error"} 1',
      's3_operations_total{operation="get_object",bucket="bucket",result="success"} 0',
      's3_operation_duration_seconds_count{operation="put_object",bucket="bucket"} 3',
      's3_operation_duration_seconds_bucket{operation="put_object",bucket="bucket",le="+Inf"} 3',
      's3_retry_attempts_total{operation="put_object",attempt="1"} 1',
      's3_retry_attempts_total{operation="put_object",attempt="3"} 1',
      `s3_circuit_breaker_state{circuit_name="s3-upload@${scope}"} 2`,
      `s3_circuit_breaker_state{circuit_name="s3-download@${scope}"} 0`,
      's3_operation_errors_total{operation="get_object",code="not_found"} 1',
      's3_transferred_bytes_total{operation="put_object",bucket="bucket"} 10',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('show an open circuit whose wait is over as half-open', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRIES: '0',
      BREAKWATER_FAILURE_THRESHOLD: '1',
      BREAKWATER_OPEN_FOR: '1ms',
    });
    await writeFile(program.path('file'), 'bytes');
    sandbox.addFault('PutObject:503:ServiceUnavailable');
    await program.run(['put', 'file', 's3://bucket/key']);
    const { text } = await program.run(['metrics']);
    expect(text).toMatch(/^s3_circuit_breaker_state\{circuit_name="s3-upload@[^"]+"\} 1$/m);
  });

  it('are available as OpenMetrics and as JSON', async () => {
    await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
    const open = await program.run(['metrics', '--format', 'openmetrics']);
    expect(open.text).toMatch(/# EOF\n$/);
    expect(open.text).toContain('# TYPE s3_operations counter');
    const bare = JSON.parse((await program.run(['metrics', '--format', 'json'])).text) as {
      families: { name: string }[];
    };
    const document = readDocument(await program.run(['metrics', '--json']));
    expect(document).toMatchObject({ ok: true, command: 'metrics', families: bare.families });
    expect(bare.families.map(({ name }) => name)).toContain('s3_circuit_breaker_state');
  });

  it('are set to zero by --reset, which asks first', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), 'bytes');
    await program.run(['put', 'file', 's3://bucket/key']);
    const asked = await program.run(['metrics', '--reset']);
    expect(asked.status).toBe(2);
    expect(asked.stderr).toMatch(/--yes/);
    expect((await program.run(['metrics', '--reset', '--yes'])).status).toBe(0);
    expect((await program.run(['metrics'])).text).not.toContain('put_object');
  });

  it('and status reads write nothing, not even a directory', async () => {
    await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
    expect((await program.run(['metrics'])).status).toBe(0);
    expect((await program.run(['breaker-status'])).status).toBe(0);
    expect((await program.run(['breaker-status', '--check', '--history'])).status).toBe(0);
    expect(existsSync(program.path('state'))).toBe(false);
  });
});
