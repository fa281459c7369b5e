import { runGuarded } from '../../src/guard/guarded-operation.ts';
import type { GuardSettings } from '../../src/guard/guard.ts';
import type { RequestRunner } from '../../src/guard/request-runner.ts';
import { TransferFault } from '../../src/retry/transfer-fault.ts';
import { createGuardedProcess } from './fake-guard.ts';

export const OPEN_FOR_MS = 60_000;
export const LEASE_MS = 30_000;
export const TARGET = { operation: 'put_object', bucket: 'b', key: 'k' } as const;

/** Guarded operations of one process on virtual time, with the circuit that they share with others. */
export function prepare(settings: Partial<GuardSettings> = {}) {
  const fake = createGuardedProcess(settings);
  const run = async <T>(work: (requests: RequestRunner) => Promise<T>): Promise<T> => {
    const result = runGuarded(fake.guard, TARGET, work);
    result.catch(() => undefined);
    return await fake.clock.runUntilSettled(result);
  };
  return { ...fake, run };
}

/** The same, in front of a circuit whose probe is due. */
export async function prepareProbe(settings: Partial<GuardSettings> = {}) {
  const stage = prepare(settings);
  stage.circuits.open();
  await stage.clock.advance(OPEN_FOR_MS);
  return stage;
}

export const succeed = async (): Promise<string> => await Promise.resolve('done');
export const reset = async (): Promise<never> => await Promise.reject(new TransferFault('connection_reset', 'reset'));
