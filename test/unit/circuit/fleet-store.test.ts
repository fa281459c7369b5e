import { expect, it } from 'vitest';
import { FleetFailure } from '../../../src/circuit/fleet-store.ts';

it('a fleet that cannot be asked is told by its code, with the cause', () => {
  const cause = new Error('ECONNREFUSED');
  const failure = new FleetFailure('connection_refused', { cause });
  expect(failure).toMatchObject({
    name: 'FleetFailure',
    message: "the fleet's engine: connection_refused",
    code: 'connection_refused',
    cause,
  });
  expect(new FleetFailure('timeout').cause).toBeUndefined();
});
