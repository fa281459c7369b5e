/**
 * Met: `breaker-reset --fleet --all` said that nothing was changed, after it had changed some circuits and left others,
 *   where one row was of a newer breakwater or one key had another type; and no transfer of the host asked the fleet for 5 s.
 * Cause: all circuits were changed at once over one connection, which the first failure ended.
 * Fix: one after the other, each with its own outcome: what was changed is reported, and so is what was not
 *   (src/breaker/change-fleet.ts); a row that is newer is no failure of the server (src/fleet/fleet-link.ts).
 */
import { describe, expect, it } from 'vitest';
import type { ShownFleet } from '../../src/breaker/breaker-context.ts';
import { changeFleet } from '../../src/breaker/change-fleet.ts';
import { FleetFailure, type FleetFailureCode } from '../../src/circuit/fleet-store.ts';
import { BreakwaterError } from '../../src/errors.ts';
import { createFleetStage } from '../support/fleet-stage.ts';
import { Program, readDocument } from '../support/program.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';

const MANUAL = { by: 'ops', reason: null };
const NEWER = '{"v":9}';

/** Resets circuits, of which some fail. */
async function resetEach(names: readonly string[], failures: Readonly<Record<string, FleetFailureCode>>) {
  const { gate } = await createFleetStage();
  const stop = new AbortController();
  const tried: string[] = [];
  const fleet = { name: 'redis://engine', gate } as unknown as ShownFleet;
  const result = await changeFleet(
    { fleet: async () => await Promise.resolve(fleet), signal: stop.signal },
    {
      select: async () => await Promise.resolve(names),
      change: async (_fleet, circuit) => {
        tried.push(circuit);
        if (circuit === 'stop') stop.abort(new BreakwaterError('interrupted', 'interrupted'));
        stop.signal.throwIfAborted();
        const code = failures[circuit];
        if (code !== undefined) throw new FleetFailure(code);
        return await gate.reset(circuit, MANUAL);
      },
    },
  );
  return { ...result, tried, changed: result.changes.map(({ circuit }) => circuit) };
}

describe('changes of several circuits of a fleet', () => {
  it('are all made but those that fail, which are named', async () => {
    const { changed, unchanged, failure } = await resetEach(['a', 'b', 'c', 'd'], { a: 'newer_row', c: 'contended' });
    expect(changed).toEqual(['fleet/b', 'fleet/d']);
    expect(unchanged).toEqual([
      { circuit: 'fleet/a', code: 'newer_row' },
      { circuit: 'fleet/c', code: 'contended' },
    ]);
    expect(failure).toMatchObject({ code: 'partial', details: { reason: 'fleet_newer_row' } });
    expect(failure?.message).toContain('2 of 4 circuits of the fleet at redis://engine were not changed');
    expect(failure?.message).toContain('newer row (fleet/a); contended (fleet/c)');
  });

  it('fail as a whole where none was made', async () => {
    const { failure, changes } = await resetEach(['a'], { a: 'newer_row' });
    expect([failure?.code, changes]).toEqual(['unavailable', []]);
  });

  it('go on after an answer that came late, but do not ask a dead server for each of many', async () => {
    const late = await resetEach(['a', 'b', 'c'], { a: 'timeout' });
    expect([late.changed, late.failure?.code]).toEqual([['fleet/b', 'fleet/c'], 'partial']);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const dead = await resetEach(names, Object.fromEntries(names.map((name) => [name, 'timeout' as const])));
    expect([dead.tried.length, dead.unchanged.length]).toEqual([3, 7]);
    expect(dead.failure?.message).toContain('timeout (fleet/a, fleet/b, fleet/c, fleet/d, fleet/e, 2 more)');
  });

  it('end with the command, and say what was changed until then', async () => {
    const { changed, unchanged, failure } = await resetEach(['a', 'stop', 'c'], {});
    expect([changed, failure?.code]).toEqual([['fleet/a'], 'interrupted']);
    expect(unchanged).toEqual([
      { circuit: 'fleet/stop', code: null },
      { circuit: 'fleet/c', code: null },
    ]);
  });
});

describe.runIf(ENGINES.includes('redis-server'))('with a row of a newer breakwater', () => {
  it('reset changes all others, and says which it has left; status shows them', async () => {
    await using engine = await startRedis();
    const env = { AWS_REGION: 'x', BREAKWATER_FLEET: engine.url, BREAKWATER_FLEET_TIMEOUT: '5s' };
    await using program = await Program.create(env);
    const run = async (...words: readonly string[]) => await program.run([...words, '--json']);
    await run('breaker-isolate', '--fleet', 's3-upload@x', 's3-download@z');
    await engine.command('SET', 'breakwater:{s3-download@old}', NEWER);
    await engine.command('RPUSH', 'breakwater:{s3-upload@list}', 'x');
    const reset = readDocument(await run('breaker-reset', '--fleet', '--all'));
    expect(reset['changes']).toMatchObject(
      ['s3-download@z', 's3-upload@list', 's3-upload@x'].map((name) => ({ circuit: `fleet/${name}`, to: 'closed' })),
    );
    expect(reset['not_changed']).toEqual([{ circuit: 'fleet/s3-download@old', reason: 'fleet_newer_row' }]);
    expect(reset.error).toMatchObject({ code: 'partial', exit_status: 3, reason: 'fleet_newer_row' });
    expect(await engine.command('GET', 'breakwater:{s3-download@old}')).toContain(NEWER);

    const alone = await program.run(['breaker-reset', '--fleet', 's3-download@old']);
    expect([alone.status, alone.text]).toEqual([69, '']);
    expect(alone.stderr).toContain('was not changed: newer row (fleet/s3-download@old)');

    const status = await program.run(['breaker-status', 's3-upload@x', 's3-download@old']);
    expect(status.text).toMatch(/fleet\/s3-upload@x +closed/);
    expect(status.text).toContain('fleet/s3-download@old is not shown: a newer breakwater has written it');
    const document = readDocument(await run('breaker-status', 's3-download@old'));
    expect(document['fleet']).toMatchObject({ problem: null, newer_circuits: ['fleet/s3-download@old'] });
  });
});
