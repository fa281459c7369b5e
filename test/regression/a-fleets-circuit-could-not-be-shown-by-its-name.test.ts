/**
 * Met: `breaker-status fleet/s3-upload@eu-west-1`, a name that `breaker-status` prints, ended with 2: "no circuit is named".
 *   `breaker-status --history` said "no state changes recorded" where the user of the server may not read lists, and where
 *   the server was down.
 * Cause: only reset and isolate took the fleet's names; a history that could not be read was an empty one.
 * Fix: the names select the circuits of the fleet alone (src/breaker/inspect-named.ts), and what is missing is said
 *   (src/commands/breaker-status.ts).
 */
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';

const RIGHTS = ['+get', '+time', '+eval', '+set', '+lpush', '+ltrim', '+pexpire'];
const FLEET = { AWS_REGION: 'x', BREAKWATER_FLEET_TIMEOUT: '5s' };

async function prepare() {
  const engine = await startRedis();
  const program = await Program.create({ ...FLEET, BREAKWATER_FLEET: engine.url });
  const show = async (...words: readonly string[]) => {
    const document = readDocument(await program.run(['breaker-status', ...words, '--json']));
    const circuits = (document['circuits'] ?? []) as readonly { readonly name: string }[];
    return { document, names: circuits.map(({ name }) => name) };
  };
  return {
    engine,
    program,
    show,
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      await program[Symbol.asyncDispose]();
    },
  };
}

describe.runIf(ENGINES.includes('redis-server'))('breaker-status', () => {
  it('takes the names that it prints, and shows those circuits alone', async () => {
    await using stage = await prepare();
    const { program, show } = stage;
    await program.run(['breaker-isolate', '--fleet', 's3-upload@x']);
    expect((await show('fleet/s3-upload@x')).names).toEqual(['fleet/s3-upload@x']);
    expect((await show('fleet/s3-upload')).names).toEqual(['fleet/s3-upload@x']);
    expect((await show('fleet/s3-upload', 's3-download')).names).toEqual([
      's3-download@x',
      'fleet/s3-download@x',
      'fleet/s3-upload@x',
    ]);
    const { document } = await show('--history', 'fleet/s3-upload');
    expect(document['history']).toMatchObject([{ circuit: 'fleet/s3-upload@x', to: 'isolated' }]);
    const check = async (name: string) => (await program.run(['breaker-status', '--check', '--quiet', name])).status;
    expect([await check('fleet/s3-upload'), await check('fleet/s3-upload@x')]).toEqual([75, 75]);
    expect([await check('fleet/s3-download'), await check('fleet/s3-uplod')]).toEqual([0, 2]);
    const watch = program.start(['breaker-status', '--watch', '--json', 'fleet/s3-upload']);
    let lines = '';
    watch.child.stdout?.on('data', (chunk: Buffer) => (lines += chunk.toString()));
    await expect.poll(() => lines).toContain('"name":"fleet/s3-upload@x"');
    watch.child.kill('SIGTERM');
    expect((await watch.ended).status).toBe(0);
  });

  it('says that the history of the fleet cannot be read', async () => {
    await using stage = await prepare();
    const { engine, program, show } = stage;
    await engine.command('ACL', 'SETUSER', 'runner', 'on', '>pw', '~breakwater:*', ...RIGHTS);
    const env = { BREAKWATER_FLEET: engine.url.replace('//', '//runner:pw@') };
    await program.run(['breaker-isolate', '--fleet', 's3-upload@x'], { env });
    const shown = await program.run(['breaker-status', '--history'], { env });
    expect([shown.status, shown.text]).toEqual([0, 'no state changes recorded on this host\n']);
    expect(shown.stderr).toContain('may not read lists (lrange)');
    const document = readDocument(await program.run(['breaker-status', '--history', '--json'], { env }));
    expect(document['fleet']).toMatchObject({ problem: null, history_problem: 'no_permission' });
    // Who may read it has nothing to be told.
    const { document: whole } = await show('--history');
    expect(whole['fleet']).not.toHaveProperty('history_problem');
    expect(whole['history']).toHaveLength(1);
    // A history of another type has no state changes; the circuits are shown all the same.
    await engine.command('SET', 'breakwater:{s3-upload@x}:history', 'x');
    expect((await show('--history', 'fleet/s3-upload')).document['fleet']).toMatchObject({ problem: null });
  });
});

it('says that no fleet is set, or that the server cannot be asked', async () => {
  await using program = await Program.create({ AWS_REGION: 'x' });
  for (const flags of [[], ['--check'], ['--watch']]) {
    const without = await program.run(['breaker-status', 'fleet/s3-upload', ...flags, '--json']);
    expect([without.status, readDocument(without).error?.['reason']]).toEqual([2, 'no_fleet']);
  }
  const env = { BREAKWATER_FLEET: 'redis://127.0.0.1:1' };
  const history = await program.run(['breaker-status', '--history'], { env });
  expect(history.text).toMatch(/^no state changes recorded on this host\n\nfleet redis:.* cannot be asked/);
});
