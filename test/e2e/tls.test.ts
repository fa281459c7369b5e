import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { canMakeCertificates, makeCertificate } from '../support/certificate.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const MIB = 1024 * 1024;

/** A sandbox behind TLS, by a certificate that the program is told to trust. */
async function createStage() {
  const sandbox = await startTestSandbox();
  const program = await Program.create(sandbox.env);
  const certificate = makeCertificate(program.directory);
  // As a proxy that speaks HTTP/2 to whoever asks for it: nobody here does.
  const front = createServer({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    const back = connect(Number(new URL(sandbox.endpoint).port), '127.0.0.1');
    socket.on('error', () => back.destroy()).on('close', () => back.destroy());
    back.on('error', () => socket.destroy());
    socket.pipe(back).pipe(socket);
  });
  const names: (string | false | null)[] = [];
  const seen = { resumed: 0 };
  front.on('secureConnection', (socket) => {
    names.push(socket.servername);
    if (socket.isSessionReused()) seen.resumed += 1;
  });
  front.on('tlsClientError', () => undefined);
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  const env = { AWS_ENDPOINT_URL_S3: `https://localhost:${port}`, NODE_EXTRA_CA_CERTS: certificate.path };
  return {
    sandbox,
    program,
    certificate,
    port,
    names,
    seen,
    run: async (argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
      await program.run(argv, { env: { ...env, ...more } }),
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      front.close();
      await sandbox.close();
    },
  };
}

describe.skipIf(!canMakeCertificates('S3 over TLS'))('over TLS', () => {
  it('every way of a transfer brings the exact bytes', async () => {
    await using stage = await createStage();
    const { sandbox, program, run } = stage;
    const body = randomBytes(40 * MIB + 1);
    await writeFile(program.path('file'), body);
    expect(await run(['put', '--quiet', 'file', 's3://bucket/large'])).toMatchObject({ status: 0, stderr: '' });
    expect(sandbox.read('bucket', 'large')?.equals(body)).toBe(true);
    stage.seen.resumed = 0;
    expect(await run(['get', '--quiet', 's3://bucket/large', 'copy'])).toMatchObject({ status: 0, stderr: '' });
    expect((await readFile(program.path('copy'))).equals(body)).toBe(true);
    // The connections for the further pieces go on with the session of the first.
    expect(stage.seen.resumed).toBeGreaterThan(0);
    expect((await run(['get', 's3://bucket/large', '-'])).stdout.equals(body)).toBe(true);
    for (let index = 0; index < 100; index += 1) sandbox.putObject('bucket', `t/${index}`, { body: `body ${index}` });
    expect(await run(['get', '-r', '--quiet', 's3://bucket/t/', 'tree'])).toMatchObject({ status: 0, stderr: '' });
    const names = await readdir(program.path('tree'));
    expect(names).toHaveLength(100);
    for (const name of names) expect(await readFile(program.path('tree', name), 'utf8')).toBe(`body ${name}`);
    expect(new Set(stage.names)).toEqual(new Set(['localhost']));
  });

  it('an address is connected to without a name, and held against the certificate', async () => {
    await using stage = await createStage();
    stage.sandbox.putObject('bucket', 'key', { body: 'x' });
    const endpoint = { AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${stage.port}` };
    expect(await stage.run(['get', 's3://bucket/key', '-'], endpoint)).toMatchObject({ status: 0, text: 'x' });
    expect(stage.names).toEqual([false]);
  });

  it.each(['GetObject:truncate:times=1', 'GetObject:reset:times=1', 'GetObject:503:SlowDown:times=1'])(
    'an answer that is hit by %s is asked for again',
    async (fault) => {
      await using stage = await createStage();
      const body = randomBytes(3 * MIB);
      stage.sandbox.putObject('bucket', 'key', { body });
      stage.sandbox.addFault(fault);
      const ended = await stage.run(['get', 's3://bucket/key', 'copy'], { BREAKWATER_RETRY_BASE: '10ms' });
      expect(ended.status).toBe(0);
      expect((await readFile(stage.program.path('copy'))).equals(body)).toBe(true);
      expect(stage.sandbox.requests()).toHaveLength(2);
    },
  );

  it('the authorities that the AWS settings name are trusted, by the environment or by the profile, also for a sweep', async () => {
    await using stage = await createStage();
    const { sandbox, program, certificate, run } = stage;
    await writeFile(program.path('file'), 'x');
    const byVariable = { NODE_EXTRA_CA_CERTS: '', AWS_CA_BUNDLE: certificate.path };
    expect(await run(['put', '--quiet', 'file', 's3://bucket/key'], byVariable)).toMatchObject({
      status: 0,
      stderr: '',
    });
    const { accessKeyId, secretAccessKey } = sandbox;
    const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`;
    await writeFile(program.path('config'), `[profile own]\n${keys}\nca_bundle = ${certificate.path}\n`);
    const byProfile = { NODE_EXTRA_CA_CERTS: '', AWS_CONFIG_FILE: program.path('config'), AWS_PROFILE: 'own' };
    const got = await run(['get', 's3://bucket/key', '-'], byProfile);
    expect(got).toMatchObject({ status: 0, text: 'x' });
    const sweep = ['sweep', 's3://bucket/k', '--older-than', '0', '--yes', '--quiet'];
    expect(await run(sweep, byVariable)).toMatchObject({ status: 0, stderr: '' });
    expect(sandbox.read('bucket', 'key')).toBeUndefined();
  });

  it.each([
    ['that is not there', 'none.pem', /cannot be read/],
    ['that is no certificate', 'file', /is not a certificate/],
  ])(
    'a file of authorities %s is refused before anything is sent, and plain HTTP does not ask for it',
    async (_what, name, says) => {
      await using stage = await createStage();
      const { sandbox, program, run } = stage;
      await writeFile(program.path('file'), 'x');
      const env = { NODE_EXTRA_CA_CERTS: '', AWS_CA_BUNDLE: program.path(name) };
      const ended = await run(['put', '--json', 'file', 's3://bucket/key'], env);
      expect(ended.status).toBe(78);
      expect(readDocument(ended).error).toMatchObject({ code: 'config', message: expect.stringMatching(says) });
      expect(sandbox.requests()).toEqual([]);
      const plain = await run(['put', 'file', 's3://bucket/key'], { ...env, AWS_ENDPOINT_URL_S3: sandbox.endpoint });
      expect(plain.status).toBe(0);
    },
  );

  it.each(['get', 'put'])(
    'a certificate that nobody vouches for ends a %s at once, without a retry',
    async (command) => {
      await using stage = await createStage();
      const { program, run, sandbox } = stage;
      await writeFile(program.path('file'), 'x');
      const argv = command === 'get' ? ['s3://bucket/key', 'copy'] : ['file', 's3://bucket/key'];
      const ended = await run([command, '--json', ...argv], { NODE_EXTRA_CA_CERTS: '' });
      expect(ended.status).toBe(78);
      expect(readDocument(ended).error).toMatchObject({
        code: 'config',
        message: expect.stringMatching(/certificate/),
      });
      expect(sandbox.requests()).toEqual([]);
    },
  );
});
