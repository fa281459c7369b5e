import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ENGINES, startRedis, type TestRedis } from '../support/redis-server.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const OBJECTS = 40;

const FAULTS: readonly (readonly [string, (engine: TestRedis) => Promise<unknown>])[] = [
  ['killed', async (engine) => await engine.crash()],
  ['paused', async (engine) => await Promise.resolve(engine.kill('SIGSTOP'))],
  ['restarted empty', async (engine) => await engine.restart()],
  ['full', async (engine) => await engine.command('CONFIG', 'SET', 'maxmemory', '1')],
  ['made read-only', async (engine) => await engine.command('REPLICAOF', '127.0.0.1', '1')],
];

/** A tree of small files, and what sends it slowly. */
async function prepareTree(program: Program): Promise<readonly string[]> {
  await mkdir(program.path('tree'));
  for (let index = 0; index < OBJECTS; index += 1) await writeFile(program.path('tree', `f${index}`), `${index}`);
  return ['put', '-r', 'tree', 's3://bucket/', '--retries', '0', '--concurrency', '4', '--json'];
}

/** A server that takes connections and says nothing; counts them. */
async function startSilent() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await Promise.resolve();
    },
  };
}

describe.runIf(ENGINES.includes('redis-server'))('an engine that is', () => {
  it.each(FAULTS)(
    '%s in the middle of a run fails no transfer, and the circuit of the host still opens',
    async (_what, harm) => {
      await using engine = await startRedis();
      await using sandbox = await startTestSandbox();
      await using program = await Program.create({ ...sandbox.env, BREAKWATER_FLEET: engine.url });
      const args = await prepareTree(program);
      sandbox.addFault('PutObject:latency:after=40ms');
      const run = program.start(args);
      while (sandbox.keys('bucket').length < 10) await new Promise((resolve) => setTimeout(resolve, 5));
      await harm(engine);
      const { status, stderr } = await run.ended;
      expect([status, sandbox.keys('bucket').length, stderr]).toEqual([0, OBJECTS, stderr]);
      expect(stderr.split('\n').filter((line) => line.includes('fleet')).length).toBeLessThanOrEqual(1);

      sandbox.clearFaults();
      sandbox.addFault('PutObject:500:InternalError');
      const failed = await program.run(args);
      expect(readDocument(failed).error).toMatchObject({ code: 'circuit_open', reason: 'open' });
      expect(readDocument(failed).error?.['circuit']).toMatch(/^s3-upload@/);
      engine.kill('SIGCONT');
    },
  );
});

describe('an engine that never answers', () => {
  it('is asked once in 5 s by a loop of commands', async () => {
    await using silent = await startSilent();
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, BREAKWATER_FLEET: silent.url });
    const startedAtMs = performance.now();
    const warnings: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      const { status, stderr } = await program.run(['put', '-', `s3://bucket/${round}`], { input: 'x' });
      expect(status).toBe(0);
      warnings.push(stderr);
    }
    const seconds = (performance.now() - startedAtMs) / 1000;
    expect(silent.connections()).toBeLessThanOrEqual(1 + Math.floor(seconds / 5));
    expect(warnings[0]).toContain('did not answer within --fleet-timeout');
    expect((await program.run(['put', '-', 's3://bucket/q', '--quiet'], { input: 'x' })).stderr).toBe('');
  });
});
