import { createServer } from 'node:http';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

interface Case {
  readonly what: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: string;
  /** Must be somewhere in message or hint. */
  readonly says: RegExp;
  readonly requests?: number;
}

const CASES: readonly Case[] = [
  { what: 'no command', args: ['--json'], status: 2, code: 'usage', says: /--help/ },
  {
    what: 'an unknown command',
    args: ['putt', 'file', 's3://bucket/key'],
    status: 2,
    code: 'usage',
    says: /did you mean put\?/,
  },
  {
    what: 'an unknown flag',
    args: ['put', '--retrys', '3', 'file', 's3://bucket/key'],
    status: 2,
    code: 'usage',
    says: /did you mean --retries\?/,
  },
  { what: 'a missing argument', args: ['put', 'file'], status: 2, code: 'usage', says: /missing argument/ },
  {
    what: 'a missing file',
    args: ['put', 'nowhere', 's3://bucket/key'],
    status: 66,
    code: 'not_found',
    says: /nowhere does not exist/,
  },
  { what: 'an empty source', args: ['put', '', 's3://bucket/key'], status: 2, code: 'usage', says: /source is empty/ },
  { what: 'an empty destination', args: ['get', 's3://bucket/key', ''], status: 2, code: 'usage', says: /is empty/ },
  { what: 'a directory without -r', args: ['put', '.', 's3://bucket/key'], status: 2, code: 'usage', says: /-r/ },
  {
    what: 'a device as a source',
    args: ['put', '/dev/zero', 's3://bucket/key'],
    status: 2,
    code: 'usage',
    says: /standard input/,
  },
  { what: 'a malformed URL', args: ['put', 'file', 's3:/bucket/key'], status: 2, code: 'usage', says: /not an S3 URL/ },
  {
    what: 'a bucket name that cannot be',
    args: ['get', 's3://../key'],
    status: 2,
    code: 'usage',
    says: /valid bucket/,
  },
  {
    what: 'a missing bucket',
    args: ['put', 'file', 's3://no-such-bucket/key'],
    status: 66,
    code: 'not_found',
    says: /NoSuchBucket/,
    requests: 1,
  },
  {
    what: 'a missing object',
    args: ['get', 's3://bucket/none', 'copy'],
    status: 66,
    code: 'not_found',
    says: /NoSuchKey/,
    requests: 1,
  },
  {
    what: 'an object fetched below a file',
    args: ['get', 's3://bucket/there', 'file/copy'],
    status: 73,
    code: 'local_create',
    says: /file\/copy/,
  },
  { what: 'a prefix without -r', args: ['get', 's3://bucket/prefix/', '.'], status: 2, code: 'usage', says: /-r/ },
  {
    what: 'a recursive get that matches nothing',
    args: ['get', '-r', 's3://bucket/nothing/', '.'],
    status: 66,
    code: 'not_found',
    says: /no objects found under/,
    requests: 1,
  },
  {
    what: 'two S3 URLs',
    args: ['put', 's3://bucket/a', 's3://bucket/b'],
    status: 2,
    code: 'usage',
    says: /not a local file/,
  },
  {
    what: 'JSON and the object both on stdout',
    args: ['get', 's3://bucket/there', '-', '--json'],
    status: 2,
    code: 'usage',
    says: /standard output/,
  },
  {
    what: 'an empty prefix',
    args: ['sweep', 's3://bucket/', '--older-than', '1h', '--yes'],
    status: 2,
    code: 'usage',
    says: /--all/,
  },
  {
    what: 'a sweep without an age',
    args: ['sweep', 's3://bucket/tmp/', '--yes'],
    status: 2,
    code: 'usage',
    says: /--older-than/,
  },
  {
    what: 'a sweep that cannot ask',
    args: ['sweep', 's3://bucket/tmp/', '--older-than', '1h'],
    status: 2,
    code: 'usage',
    says: /--yes/,
  },
  {
    what: 'a sweep whose report would be its result',
    args: ['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--yes', '--report', '-'],
    status: 2,
    code: 'usage',
    says: /name of a file/,
  },
  {
    what: 'a report that cannot be created: nothing is deleted',
    args: ['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--yes', '--report', 'no/such/place'],
    status: 73,
    code: 'local_create',
    says: /no\/such\/place/,
  },
  {
    what: 'a sweep of a missing bucket',
    args: ['sweep', 's3://no-such-bucket/a/', '--older-than', '1h', '--yes'],
    status: 66,
    code: 'not_found',
    says: /NoSuchBucket/,
    requests: 1,
  },
  {
    what: 'an age without a unit',
    args: ['sweep', 's3://bucket/tmp/', '--older-than', '24', '--yes'],
    status: 2,
    code: 'usage',
    says: /--older-than.*"24".*unit/,
  },
  {
    what: 'a bad duration',
    args: ['put', '--open-for', 'soon', 'file', 's3://bucket/key'],
    status: 2,
    code: 'usage',
    says: /--open-for.*"soon".*duration/,
  },
  {
    what: 'a negative duration',
    args: ['put', '--open-for=-5s', 'file', 's3://bucket/key'],
    status: 2,
    code: 'usage',
    says: /--open-for/,
  },
  {
    what: 'a threshold of 0',
    args: ['put', '--failure-threshold', '0', 'file', 's3://bucket/key'],
    status: 2,
    code: 'usage',
    says: /--failure-threshold.*from 1/,
  },
  {
    what: 'a part size below the limit of S3',
    args: ['put', '--part-size', '1MiB', 'file', 's3://bucket/key'],
    status: 2,
    code: 'usage',
    says: /--part-size.*at least 5MiB/,
  },
  {
    what: 'a bad duration in the environment',
    args: ['put', 'file', 's3://bucket/key'],
    env: { BREAKWATER_OPEN_FOR: 'soon' },
    status: 78,
    code: 'config',
    says: /BREAKWATER_OPEN_FOR.*"soon"/,
  },
  {
    what: 'no credentials',
    args: ['put', 'file', 's3://bucket/key'],
    env: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    status: 78,
    code: 'config',
    says: /AWS_ACCESS_KEY_ID/,
  },
  {
    what: 'wrong credentials',
    args: ['put', 'file', 's3://bucket/key'],
    env: { AWS_SECRET_ACCESS_KEY: 'wrong-secret' },
    status: 77,
    code: 'access_denied',
    says: /SignatureDoesNotMatch/,
    requests: 1,
  },
  {
    what: 'an endpoint that is no URL',
    args: ['put', '--endpoint-url', 'localhost', 'file', 's3://bucket/key'],
    status: 78,
    code: 'config',
    says: /http or https URL/,
  },
  {
    what: 'an endpoint URL with credentials in it',
    args: ['put', '--endpoint-url', 'http://me:secret-word@localhost/', 'file', 's3://bucket/key'],
    status: 78,
    code: 'config',
    says: /credentials/,
  },
  { what: 'an unknown circuit', args: ['breaker-status', 's3-uplaod'], status: 2, code: 'usage', says: /s3-upload/ },
  { what: 'a reset of nothing', args: ['breaker-reset'], status: 2, code: 'usage', says: /--all/ },
  {
    what: 'an isolation without a unit',
    args: ['breaker-isolate', 's3-upload', '--for', '60'],
    status: 2,
    code: 'usage',
    says: /--for.*"60".*unit/,
  },
];

const SECRETS = /secret-word|wrong-secret|sandbox-secret/i;

describe('bad input', () => {
  let sandbox: TestSandbox;
  let program: Program;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
    sandbox.putObject('bucket', 'there', { body: 'bytes' });
    program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), 'bytes');
  });
  afterAll(async () => {
    await program[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
  });

  it.each(CASES)('$what: status $status, one coded line with a hint, and JSON', async (row) => {
    sandbox.clearRequests();
    const args = row.args.includes('--json') ? row.args : [...row.args, '--json'];
    const env = row.env ?? {};
    const ended = await program.run(args, { env });

    expect(ended.status).toBe(row.status);
    const document = readDocument(ended);
    expect(document).toMatchObject({ ok: false, error: { code: row.code, exit_status: row.status } });
    expect(`${String(document.error?.['message'])} ${String(document.error?.['hint'])}`).toMatch(row.says);
    expect(sandbox.requests()).toHaveLength(row.requests ?? 0);
    expect(`${ended.text}${ended.stderr}`).not.toMatch(SECRETS);
    const [line, ...rest] = ended.stderr.trimEnd().split('\n');
    expect(line).toMatch(/^error: /);
    expect(rest).toEqual([`  hint: ${String(document.error?.['hint'])}`]);
  });

  it('never repeats what was given to a wrong flag', async () => {
    const ended = await program.run(['put', '--secret-access-key=secret-word', 'file', 's3://bucket/key', '--json']);
    expect(ended.status).toBe(2);
    expect(`${ended.text}${ended.stderr}`).not.toMatch(SECRETS);
  });

  it.each([
    ['put', ['put', 'file', 's3://bucket/key']],
    ['get', ['get', 's3://bucket/key', 'copy']],
    ['get to stdout', ['get', 's3://bucket/key', '-', '--quiet']],
    ['get -r', ['get', '-r', 's3://bucket/prefix/', '.']],
    ['sweep', ['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--yes']],
  ])('an endpoint that is not S3 fails %s with status 69', async (_name, args) => {
    const page = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><html><body>Please log in</body></html>');
    });
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const { port } = page.address() as AddressInfo;
    const env = { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`, BREAKWATER_RETRIES: '0' };
    const ended = await program.run(args, { env });
    page.close();
    page.closeAllConnections();

    expect(ended.status).toBe(69);
    expect(ended.stderr).toMatch(/not_s3/);
    expect(ended.stderr).toMatch(/check AWS_ENDPOINT_URL_S3/);
    expect(ended.stdout).toHaveLength(0);
  });
});
