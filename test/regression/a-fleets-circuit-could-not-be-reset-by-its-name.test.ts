/**
 * Met: with a fleet, `breaker-reset s3-upload` reported success and the next `put` was refused by the fleet's circuit;
 *   `breaker-reset fleet/s3-upload@...`, the name in that refusal, was an unknown circuit.
 * Cause: the names that are shown were not those that are taken, and nothing said that there are two gates.
 * Fix: a name with `fleet/` is a circuit of all hosts, and a reset of this host's alone says what it has left
 *   (src/breaker/select-circuits.ts, src/commands/breaker-reset.ts).
 */
import { expect, it } from 'vitest';
import { splitFleetNames } from '../../src/breaker/select-circuits.ts';
import { Program } from '../support/program.ts';

it('takes the names that are shown', () => {
  const full = 'fleet/s3-upload@eu-west-1';
  expect(splitFleetNames([full, 'fleet/s3-download'], false)).toEqual({
    names: ['s3-upload@eu-west-1', 's3-download'],
    isForFleet: true,
  });
  expect(splitFleetNames([full, 's3-download'], true)).toEqual({
    names: ['s3-upload@eu-west-1', 's3-download'],
    isForFleet: true,
  });
  expect(splitFleetNames(['s3-upload'], false)).toEqual({ names: ['s3-upload'], isForFleet: false });
  expect(() => splitFleetNames([full, 's3-download'], false)).toThrow('cannot be changed by one command');
});

it('says that the circuits of the fleet were not reset', async () => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
  const command = ['breaker-reset', 's3-upload'];
  const alone = await program.run(command);
  expect([alone.status, alone.stderr]).toEqual([0, expect.not.stringContaining('fleet') as string]);
  // Nothing has to listen there: it is not asked.
  const withFleet = await program.run(command, { env: { BREAKWATER_FLEET: 'redis://127.0.0.1:1' } });
  expect(withFleet.status).toBe(0);
  expect(withFleet.stderr).toContain(
    'were not reset, and may still refuse: breakwater breaker-reset --fleet s3-upload',
  );
});
