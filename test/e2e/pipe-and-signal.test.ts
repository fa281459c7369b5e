import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const MIB = 1024 * 1024;

describe('pipes', () => {
  it.each([
    ['metrics', 'metrics'],
    ['get to standard output', 'get s3://bucket/big -'],
    ['help', 'put --help'],
  ])('a reader that has had enough of %s is no error', async (_what, args) => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    sandbox.putObject('bucket', 'big', { body: `line\n`.repeat(MIB) });
    const script = `"${process.execPath}" "${BIN}" ${args} | head -1; echo "$PIPESTATUS" >&2`;
    const child = spawn('bash', ['-c', script], { cwd: program.directory, env: program.env });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    expect(out.split('\n')).toHaveLength(2);
    expect(err).toBe('0\n');
  });

  it('never carry escape codes, not even with CI or FORCE_COLOR-less terminals around', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, CI: 'true', TERM: 'xterm-256color' });
    await writeFile(program.path('file'), 'bytes');
    for (const args of [
      ['put', 'file', 's3://bucket/key'],
      ['breaker-status'],
      ['--help'],
      ['put', 'none', 's3://bucket/key'],
    ]) {
      const ended = await program.run(args);
      expect(`${ended.text}${ended.stderr}`).not.toContain('\u001b');
    }
  });
});

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s ends an upload with status %d: below the size of a resume no parts stay, the probe slot is free, metrics are kept',
    async (signal, status) => {
      await using sandbox = await startTestSandbox();
      await using program = await Program.create({
        ...sandbox.env,
        BREAKWATER_FAILURE_THRESHOLD: '1',
        BREAKWATER_OPEN_FOR: '1ms',
      });
      await writeFile(program.path('file'), randomBytes(17 * MIB));
      await writeFile(program.path('small'), 'x');
      // One failure opens it, so that the upload is a probe.
      sandbox.addFault('PutObject:500:InternalError:times=1');
      await program.run(['put', '--retries', '0', 'small', 's3://bucket/small']);
      sandbox.addFault('UploadPart:hang');
      const { child, ended } = program.start(['put', '--json', 'file', 's3://bucket/key']);
      await vi.waitFor(
        () => expect(sandbox.requests().some(({ operation }) => operation === 'UploadPart')).toBe(true),
        PATIENCE,
      );

      child.kill(signal);
      const result = await ended;

      expect(result.status).toBe(status);
      expect(readDocument(result).error).toMatchObject({
        code: 'interrupted',
        reason: signal.toLowerCase(),
        exit_status: status,
      });
      expect(sandbox.openUploads('bucket')).toBe(0);
      const { circuits } = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
      expect(circuits).toMatchObject([{ state: 'half_open', probe: null }]);
      expect((await program.run(['metrics'])).text).toContain(
        's3_operations_total{operation="put_object",bucket="bucket",result="error"} 1',
      );
    },
  );

  it('SIGINT in a download removes what has been written', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    sandbox.putObject('bucket', 'big', { body: randomBytes(MIB) });
    sandbox.addFault('GetObject:stall');
    const { child, ended } = program.start(['get', 's3://bucket/big', 'copy']);
    await vi.waitFor(
      async () =>
        expect((await readdir(program.directory)).some((name) => name.includes('breakwater-part'))).toBe(true),
      PATIENCE,
    );
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    expect((await readdir(program.directory)).filter((name) => name.includes('copy'))).toEqual([]);
  });

  it('a second SIGINT ends at once', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), randomBytes(17 * MIB));
    sandbox.addFault('UploadPart:hang');
    sandbox.addFault('AbortMultipartUpload:hang');
    const { child, ended } = program.start(['put', 'file', 's3://bucket/key']);
    await vi.waitFor(
      () => expect(sandbox.requests().some(({ operation }) => operation === 'UploadPart')).toBe(true),
      PATIENCE,
    );
    child.kill('SIGINT');
    await vi.waitFor(
      () => expect(sandbox.requests().some(({ operation }) => operation === 'AbortMultipartUpload')).toBe(true),
      PATIENCE,
    );
    const killedAtMs = performance.now();
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    // The clean-up that it no longer waits for would have had 5 s.
    expect(performance.now() - killedAtMs).toBeLessThan(5000);
  });
});
