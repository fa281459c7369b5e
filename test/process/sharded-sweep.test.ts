import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/** `npm run proof` sweeps 100,000. */
const OBJECTS = Number(process.env['BREAKWATER_SWEEP_OBJECTS'] ?? 5000);
const DAY_MS = 86_400_000;
const SWEEP = ['sweep', 's3://bucket/tmp/', '--older-than', '1h', '--yes', '--json'];
const RUNNERS = 4;

function seed(sandbox: TestSandbox, count: number): void {
  for (let number = 0; number < count; number += 1) {
    sandbox.putObject('bucket', `tmp/${String(number).padStart(6, '0')}`, { body: 'x', ageMs: DAY_MS });
  }
}

async function prepare(env: Readonly<Record<string, string>> = {}) {
  const held = Promise.withResolvers<void>();
  const sandbox = await startTestSandbox({ clock: { ...systemClock, sleep: async () => await held.promise } });
  const hosts = await Promise.all(
    ['a', 'b', 'c', 'd'].map(
      async (host) =>
        await Program.create({ ...sandbox.env, BREAKWATER_RETRY_BASE: '10ms', BREAKWATER_FLEET_HOST: host, ...env }),
    ),
  );
  return {
    sandbox,
    hosts,
    /** Sends the answers that a fault `latency` has held back. */
    release: held.resolve,
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      for (const host of hosts) await host[Symbol.asyncDispose]();
    },
  };
}

describe('sweeps of shards', () => {
  it(`delete each of ${OBJECTS} keys once, in ${RUNNERS} processes at once, and leave none`, async () => {
    await using stage = await prepare();
    const { sandbox, hosts } = stage;
    seed(sandbox, OBJECTS);
    const runs = hosts.map(async (host, index) => await host.run([...SWEEP, '--shard', `${index + 1}/${RUNNERS}`]));
    const ended = (await Promise.all(runs)).map((run) => readDocument(run));
    expect(ended.map(({ shard, complete, failed }) => [shard, complete, failed])).toEqual(
      [1, 2, 3, 4].map((number) => [`${number}/4`, true, 0]),
    );
    const deleted = ended.map((document) => Number(document['deleted']));
    expect(deleted.reduce((sum, count) => sum + count, 0)).toBe(OBJECTS);
    expect(Math.min(...deleted)).toBeGreaterThan((OBJECTS / RUNNERS) * 0.8);
    expect(sandbox.keys('bucket')).toEqual([]);
  });

  it('have checkpoints of their own, on one host', async () => {
    await using stage = await prepare();
    const { sandbox, hosts } = stage;
    const [host] = hosts;
    seed(sandbox, 3000);
    const some = ['--max-delete', '700', '--list-concurrency', '1'];
    const listedFrom = async (shard: string) => {
      sandbox.clearRequests();
      await host?.run([...SWEEP, ...some, '--shard', shard]);
      const first = sandbox.requests().find(({ operation }) => operation === 'ListObjectsV2');
      return first?.url.includes('start-after');
    };
    expect(await listedFrom('1/2')).toBe(false);
    expect(await listedFrom('2/2')).toBe(false);
    expect(await listedFrom('1/2')).toBe(true);
  });

  it.each(['0/4', '5/4', '1', 'x', '1/10001'])('refuse --shard %s', async (value) => {
    await using stage = await prepare();
    const refused = await stage.hosts[0]?.run([...SWEEP, '--shard', value]);
    expect(refused?.status).toBe(2);
    const { error } = JSON.parse(refused?.text ?? '') as { error: { code: string; message: string } };
    expect(error.code).toBe('usage');
    for (const part of ['--shard', value, 'I/N', '10000']) expect(JSON.stringify(error)).toContain(part);
  });
});

describe.runIf(ENGINES.includes('redis-server'))('the lock of a sweep in a fleet', () => {
  const shard = (number: number): readonly string[] => ['--shard', `${number}/2`];

  it('holds over hosts for its shard, and is free again at once when the sweep has ended', async () => {
    await using engine = await startRedis();
    await using stage = await prepare({ BREAKWATER_FLEET: engine.url, BREAKWATER_FLEET_TIMEOUT: '5s' });
    const { sandbox, hosts } = stage;
    const [a, b, c] = hosts;
    seed(sandbox, 100);
    sandbox.addFault('ListObjectsV2:latency:after=1ms:times=1');
    const first = a?.run([...SWEEP, ...shard(1)]);
    await vi.waitFor(async () => expect(await engine.command('KEYS', 'breakwater:lease:*')).toContain('$'), PATIENCE);
    const locked = await b?.run([...SWEEP, ...shard(1)]);
    expect([locked?.status, locked?.text]).toEqual([75, expect.stringMatching(/shard 1\/2 of .* on a, since/)]);
    const others = await c?.run([...SWEEP, ...shard(2)]);
    stage.release();
    expect([others?.status, (await first)?.status]).toEqual([0, 0]);
    expect(await engine.command('KEYS', '*')).toBe('*0');
    expect((await b?.run([...SWEEP, ...shard(1)]))?.status).toBe(0);
    expect(sandbox.keys('bucket')).toEqual([]);
  });

  it('never blocks a sweep whose engine is down, paused or read-only, and warns once', async () => {
    await using engine = await startRedis();
    await using stage = await prepare({ BREAKWATER_FLEET: engine.url });
    const { sandbox, hosts } = stage;
    const sweepOn = async (host: number, number: number) => {
      seed(sandbox, 50);
      const ended = await hosts[host]?.run([...SWEEP, ...shard(number)]);
      return { ...ended, codes: [...(ended?.stderr ?? '').matchAll(/fleet at/g)].length };
    };
    await engine.command('REPLICAOF', '127.0.0.1', '1');
    expect(await sweepOn(0, 1)).toMatchObject({ status: 0, codes: 1 });
    engine.kill('SIGSTOP');
    expect(await sweepOn(1, 1)).toMatchObject({ status: 0, codes: 1 });
    await engine.crash();
    expect(await sweepOn(2, 1)).toMatchObject({ status: 0, codes: 1 });
    // Its failure is known on this host, which does not ask again.
    expect(await sweepOn(2, 2)).toMatchObject({ status: 0, codes: 1 });
    const metrics = await Promise.all(hosts.map(async (host) => (await host.run(['metrics'])).text));
    const counted = metrics.map((text) => /^breakwater_fleet_errors_total\{operation="lease"\} (\d+)/m.exec(text)?.[1]);
    // What was known is not counted.
    expect(counted).toEqual(['1', '1', '1', undefined]);
  });

  it('ends the sweep that has lost it, also while its batches are retried, and leaves it to the new owner', async () => {
    await using engine = await startRedis();
    const env = { BREAKWATER_FLEET: engine.url, BREAKWATER_FLEET_TIMEOUT: '5s', BREAKWATER_RETRIES: '100' };
    await using stage = await prepare({ ...env, BREAKWATER_RETRY_BASE: '500ms' });
    seed(stage.sandbox, 10);
    stage.sandbox.addFault('DeleteObjects:503:SlowDown');
    const running = stage.hosts[0]?.run(SWEEP);
    const [, key = ''] = await vi.waitFor(async () => {
      const keys = await engine.command('KEYS', 'breakwater:lease:*');
      expect(keys).toContain('breakwater:lease:');
      return keys.split('\r\n').slice(1);
    }, PATIENCE);
    await vi.waitFor(() => expect(stage.sandbox.requests().length).toBeGreaterThan(3), PATIENCE);
    const other = { v: 1, token: 'another', host: 'z', pid: 7, sinceMs: Date.now() };
    expect(await engine.command('SET', key, JSON.stringify(other))).toBe('+OK');
    const ended = await running;
    expect([ended?.status, ended?.stderr]).toEqual([75, expect.stringContaining('has taken over the sweep')]);
    expect(readDocument(ended!).error).toMatchObject({ code: 'locked', reason: 'taken_over' });
    // Renewed every 10 s.
    expect(ended?.durationMs).toBeLessThan(20_000);
    expect(await engine.command('GET', key)).toContain('another');
  });

  it('needs no more rights than the circuits', async () => {
    await using engine = await startRedis();
    const rules = ['~breakwater:*', '+get', '+time', '+eval', '+set', '+lpush', '+ltrim', '+pexpire'];
    expect(await engine.command('ACL', 'SETUSER', 'breakwater', 'on', '>pass', ...rules)).toBe('+OK');
    const url = engine.url.replace('//', '//breakwater:pass@');
    await using stage = await prepare({ BREAKWATER_FLEET: url, BREAKWATER_FLEET_TIMEOUT: '5s' });
    seed(stage.sandbox, 10);
    const ended = await stage.hosts[0]?.run([...SWEEP, ...shard(1)]);
    expect([ended?.status, ended?.stderr.includes('fleet')]).toEqual([0, false]);
    expect(await engine.command('INFO', 'commandstats')).toMatch(/cmdstat_eval:calls=2/);
  });
});
