/**
 * Met: `breaker-reset s3-upload@eu-west-1 --json` ended with 0 and said nothing of the isolation of every scope, which still
 *   refused that circuit; with `--fleet`, the text did not say so either.
 * Cause: the rest of an isolation was a line of text, of this host alone.
 * Fix: `still_isolated` names it in JSON, and both are said of a fleet, too.
 */
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';

const CIRCUIT = 's3-upload@eu-west-1';

it('is named in JSON', async () => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
  await program.run(['breaker-isolate', 's3-upload']);
  const one = await program.run(['breaker-reset', CIRCUIT, '--json']);
  expect([one.status, readDocument(one)['still_isolated']]).toEqual([0, ['s3-upload']]);
  const all = readDocument(await program.run(['breaker-reset', 's3-upload', '--json']));
  expect(all).not.toHaveProperty('still_isolated');
});

describe.runIf(ENGINES.includes('redis-server'))('in a fleet', () => {
  it('is named in text and JSON', async () => {
    await using redis = await startRedis();
    await using program = await Program.create({
      AWS_REGION: 'eu-west-1',
      BREAKWATER_FLEET: redis.url,
      BREAKWATER_FLEET_TIMEOUT: '5s',
    });
    await program.run(['breaker-isolate', '--fleet', 's3-upload']);
    const line = 'every scope of fleet/s3-upload is still isolated: breakwater breaker-reset fleet/s3-upload';
    expect((await program.run(['breaker-reset', '--fleet', CIRCUIT])).text).toContain(line);
    const one = readDocument(await program.run(['breaker-reset', `fleet/${CIRCUIT}`, '--json']));
    expect(one['still_isolated']).toEqual(['fleet/s3-upload']);
    const all = readDocument(await program.run(['breaker-reset', 'fleet/s3-upload', '--json']));
    expect(all).not.toHaveProperty('still_isolated');
  });
});
