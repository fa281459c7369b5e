import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const UPLOAD = 's3-upload@x';
const IN_FLEET = `fleet/${UPLOAD}`;

async function prepare() {
  const engine = await startRedis();
  const sandbox = await startTestSandbox();
  const env = {
    ...sandbox.env,
    BREAKWATER_FLEET: engine.url,
    BREAKWATER_CIRCUIT_SCOPE: 'x',
    BREAKWATER_RETRIES: '0',
    BREAKWATER_FLEET_TIMEOUT: '5s',
  };
  const hosts = await Promise.all(
    ['a', 'b', 'c'].map(async (host) => await Program.create({ ...env, BREAKWATER_FLEET_HOST: host })),
  );
  const put = async (host: number, times = 1) => {
    const statuses: (number | null)[] = [];
    for (let count = 0; count < times; count += 1) {
      statuses.push((await hosts[host]!.run(['put', '-', 's3://bucket/k'], { input: 'x' })).status);
    }
    return statuses;
  };
  return {
    engine,
    sandbox,
    hosts,
    put,
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      await sandbox.close();
      for (const host of hosts) await host[Symbol.asyncDispose]();
    },
  };
}

interface Shown {
  readonly name: string;
  readonly state: string;
}

describe.runIf(ENGINES.includes('redis-server'))('a fleet of hosts that each run single commands', () => {
  it('learns of an outage together, shows it, and is closed for all by hand', async () => {
    await using stage = await prepare();
    const { put, hosts, sandbox } = stage;
    sandbox.addFault('PutObject:500:InternalError');
    expect(await put(0, 3)).toEqual([69, 69, 69]);
    expect(await put(1, 2)).toEqual([69, 69]);
    sandbox.clearRequests();

    const refused = await hosts[2]!.run(['put', '-', 's3://bucket/k', '--json'], { input: 'x' });
    expect([refused.status, sandbox.requests()]).toEqual([75, []]);
    expect(readDocument(refused).error).toMatchObject({ code: 'circuit_open', reason: 'open', circuit: IN_FLEET });

    const status = readDocument(await hosts[2]!.run(['breaker-status', '--json', '--history']));
    const circuits = status['circuits'] as readonly Shown[];
    expect(circuits.find(({ name }) => name === UPLOAD)).toMatchObject({ state: 'closed', failures: 0 });
    expect(circuits.find(({ name }) => name === IN_FLEET)).toMatchObject({
      state: 'open',
      failures: 5,
      hosts: [
        { host: 'a', failures: 3 },
        { host: 'b', failures: 2 },
      ],
    });
    expect(status['history']).toMatchObject([{ circuit: IN_FLEET, to: 'open', process: { host: 'b' } }]);
    expect(status['fleet']).toMatchObject({ problem: null });
    const check = await hosts[2]!.run(['breaker-status', '--check', 's3-upload', '--quiet']);
    expect(check.status).toBe(75);
    const { text } = await hosts[2]!.run(['breaker-status']);
    expect(text).toContain('failures by host: a 3, b 2');
    expect(text).toMatch(/fleet redis:\/\/127\.0\.0\.1:\d+\/0: answered \d+ ms ago/);
    const metrics = await hosts[2]!.run(['metrics']);
    expect(metrics.text).toContain(`s3_circuit_breaker_state{circuit_name="${IN_FLEET}"} 2`);
    expect(metrics.text).toContain(`s3_circuit_breaker_refusals_total{circuit_name="${IN_FLEET}",reason="open"} 1`);

    sandbox.clearFaults();
    const reset = await hosts[0]!.run(['breaker-reset', '--fleet', 's3-upload', '--reason', 'S3 is back']);
    expect([reset.status, reset.text]).toEqual([0, `${IN_FLEET} is closed (was open)\n`]);
    expect(await put(2)).toEqual([0]);
  });

  it('is isolated for all by hand, in every scope, also of hosts that never called', async () => {
    await using stage = await prepare();
    const { put, hosts } = stage;
    const isolated = await hosts[0]!.run(['breaker-isolate', '--fleet', 's3-upload', '--reason', 'migration']);
    expect(isolated.text).toBe('every scope of fleet/s3-upload is isolated\n');
    const refused = await hosts[1]!.run(['put', '-', 's3://bucket/k', '--json'], { input: 'x' });
    expect(readDocument(refused).error).toMatchObject({
      reason: 'isolated',
      circuit: IN_FLEET,
      hint: 'close it with: breakwater breaker-reset --fleet s3-upload',
    });
    expect((await hosts[2]!.run(['breaker-status', '--check', '--quiet'])).status).toBe(75);
    await hosts[2]!.run(['breaker-reset', '--fleet', '--all']);
    expect(await put(1)).toEqual([0]);
  });

  it('is watched, also while its engine is silent, which is asked seldom', async () => {
    await using stage = await prepare();
    const { engine, hosts, sandbox, put } = stage;
    const env = { BREAKWATER_FLEET_TIMEOUT: '150ms' };
    const watch = hosts[2]!.start(['breaker-status', '--watch', '--json'], { env });
    let lines = '';
    watch.child.stdout?.on('data', (chunk: Buffer) => (lines += chunk.toString()));
    const events = (): readonly Record<string, unknown>[] =>
      lines
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const ofFleet = () => events().flatMap(({ event, fleet }) => (event === 'fleet' ? [fleet] : []));
    await expect.poll(ofFleet).toMatchObject([{ problem: null }]);
    sandbox.addFault('PutObject:500:InternalError');
    expect([...(await put(0, 3)), ...(await put(1, 2))]).toEqual([69, 69, 69, 69, 69]);
    await expect
      .poll(() => events().filter(({ event }) => event === 'change'))
      .toMatchObject([{ change: { circuit: IN_FLEET, to: 'open' } }]);
    engine.kill('SIGSTOP');
    await expect.poll(ofFleet).toMatchObject([{}, { problem: 'timeout' }]);
    // This host's own circuits go on to be watched meanwhile.
    await hosts[2]!.run(['breaker-isolate', 's3-download'], { env });
    await expect
      .poll(() => events().filter(({ event }) => event === 'change'))
      .toMatchObject([{}, { change: { circuit: 's3-download', to: 'isolated' } }]);
    engine.kill('SIGCONT');
    await expect.poll(ofFleet).toMatchObject([{}, {}, { problem: null }]);
    watch.child.kill('SIGTERM');
    expect((await watch.ended).status).toBe(0);
    expect(events().at(-1)).toMatchObject({ ok: true, fleet: { problem: null } });
  });

  it('says that no fleet is named, or that it cannot be asked', async () => {
    await using program = await Program.create();
    const without = await program.run(['breaker-reset', '--fleet', '--all', '--json']);
    expect([without.status, readDocument(without).error?.['reason']]).toEqual([2, 'no_fleet']);
    const env = { BREAKWATER_FLEET: 'redis://127.0.0.1:1' };
    const dead = await program.run(['breaker-isolate', '--fleet', 's3-upload', '--json'], { env });
    expect([dead.status, readDocument(dead).error?.['reason']]).toEqual([69, 'fleet_connection_refused']);
    const status = await program.run(['breaker-status'], { env });
    expect(status.text).toContain('cannot be asked');
    expect((await program.run(['breaker-status', '--check'], { env })).status).toBe(0);
  });

  it.each([
    ['a password in a flag', ['--fleet', 'redis://u:hunter2@127.0.0.1:1'], {}, 2],
    ['Sentinel', ['--fleet', 'redis+sentinel://127.0.0.1:1'], {}, 2],
    ['several servers', ['--fleet', 'redis://a:1,b:1'], {}, 2],
    ['another scheme', [], { BREAKWATER_FLEET: 'https://u:hunter2@127.0.0.1:1' }, 78],
    ['no URL', [], { BREAKWATER_FLEET: 'hunter2' }, 78],
    ['a quorum above the threshold', ['--fleet', 'redis://127.0.0.1:1', '--fleet-quorum', '6'], {}, 2],
    ['a missing file', [], { BREAKWATER_FLEET_FILE: '/nowhere/hunter' }, 78],
    ['certificates that are none', ['--fleet', 'rediss://127.0.0.1:1', '--fleet-ca', '/dev/null'], {}, 78],
  ] as const)('refuses %s before anything is sent, and never prints a secret', async (_what, flags, env, expected) => {
    await using program = await Program.create();
    const args = ['put', '-', 's3://bucket/k', '--endpoint-url', 'http://127.0.0.1:1', ...flags];
    const { status, stderr } = await program.run(args, { env, input: 'x' });
    expect([status, stderr]).toEqual([expected, stderr]);
    expect(stderr).not.toContain('hunter2');
  });
});
