import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { KILL_AFTER_MS } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/** Clients that are not ours, against the sandbox: what they can use is S3 enough for us. */
const MIB = 1024 * 1024;
const BODIES: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  'with space': Buffer.from('a'),
  'grüße+100%': Buffer.from('b'),
  'sub/big': randomBytes(12 * MIB),
};

function isInstalled(program: string): boolean {
  const found = spawnSync(program, ['--version']).error === undefined;
  if (!found) console.log(`skipped: ${program} is not installed`);
  return found;
}

async function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], ...env }, timeout: KILL_AFTER_MS });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect([status, said]).toEqual([0, status === 0 ? said : '']);
}

async function withFiles(work: (directory: string, sandbox: TestSandbox) => Promise<void>): Promise<void> {
  await using sandbox = await startTestSandbox();
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-clients-'));
  try {
    await mkdir(join(directory, 'tree', 'sub'), { recursive: true });
    for (const [name, body] of Object.entries(BODIES)) await writeFile(join(directory, 'tree', name), body);
    await work(directory, sandbox);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe('the sandbox', () => {
  it.skipIf(!isInstalled('rclone'))('is S3 to rclone: multipart copy, check by download, delete', async () => {
    await withFiles(async (directory, sandbox) => {
      const env = {
        HOME: directory,
        RCLONE_CONFIG_BOX_TYPE: 's3',
        RCLONE_CONFIG_BOX_PROVIDER: 'Other',
        RCLONE_CONFIG_BOX_ENDPOINT: sandbox.endpoint,
        RCLONE_CONFIG_BOX_ACCESS_KEY_ID: sandbox.accessKeyId,
        RCLONE_CONFIG_BOX_SECRET_ACCESS_KEY: sandbox.secretAccessKey,
      };
      const cut = ['--s3-upload-cutoff', '5M', '--s3-chunk-size', '5M', '--retries', '1'];
      await run('rclone', ['copy', ...cut, join(directory, 'tree'), 'box:bucket/tree'], env);
      for (const [name, body] of Object.entries(BODIES))
        expect(sandbox.read('bucket', `tree/${name}`)?.equals(body), name).toBe(true);
      await run('rclone', ['check', '--download', join(directory, 'tree'), 'box:bucket/tree'], env);
      await run('rclone', ['delete', 'box:bucket/tree'], env);
      expect(sandbox.keys('bucket')).toEqual([]);
    });
  });

  it.skipIf(!isInstalled('s3cmd'))('is S3 to s3cmd: put, get, delete', async () => {
    await withFiles(async (directory, sandbox) => {
      const { host } = new URL(sandbox.endpoint);
      const config = join(directory, 's3cfg');
      await writeFile(
        config,
        [
          '[default]',
          `access_key = ${sandbox.accessKeyId}`,
          `secret_key = ${sandbox.secretAccessKey}`,
          `host_base = ${host}`,
          `host_bucket = ${host}`,
          'use_https = False',
          'multipart_chunk_size_mb = 5',
        ].join('\n'),
      );
      const s3cmd = async (...args: string[]) =>
        await run('s3cmd', ['-c', config, ...args], { HOME: directory, LC_ALL: 'C.UTF-8' });
      await s3cmd('put', join(directory, 'tree', 'sub', 'big'), 's3://bucket/big');
      await s3cmd('put', join(directory, 'tree', 'grüße+100%'), 's3://bucket/odd/grüße+100%');
      await s3cmd('get', 's3://bucket/big', join(directory, 'copy'));
      expect((await readFile(join(directory, 'copy'))).equals(BODIES['sub/big']!)).toBe(true);
      expect(sandbox.read('bucket', 'odd/grüße+100%')?.toString()).toBe('b');
      await s3cmd('del', '--recursive', '--force', 's3://bucket/');
      expect(sandbox.keys('bucket')).toEqual([]);
    });
  });

  it.skipIf(!isInstalled('aws'))(
    'is S3 to the AWS CLI: multipart copy with its own checksums, copy back, delete',
    async () => {
      await withFiles(async (directory, sandbox) => {
        const env = { HOME: directory, AWS_ENDPOINT_URL: sandbox.endpoint, AWS_EC2_METADATA_DISABLED: 'true' };
        const aws = async (...args: string[]) => await run('aws', ['s3', ...args], { ...sandbox.env, ...env });
        await aws('cp', '--recursive', join(directory, 'tree'), 's3://bucket/tree');
        for (const [name, body] of Object.entries(BODIES))
          expect(sandbox.read('bucket', `tree/${name}`)?.equals(body), name).toBe(true);
        await aws('cp', 's3://bucket/tree/sub/big', join(directory, 'copy'));
        expect((await readFile(join(directory, 'copy'))).equals(BODIES['sub/big']!)).toBe(true);
        await aws('rm', '--recursive', 's3://bucket/');
        expect(sandbox.keys('bucket')).toEqual([]);
      });
    },
  );
});
