import { refusalError } from '../circuit/refusal-error.ts';
import type { Guard } from './guard.ts';
import type { OperationTarget } from '../operations.ts';

/**
 * Checks the circuit, without changing it, before the SDK is loaded: a refused command ends in milliseconds and counts
 * as one refused operation. With `--wait` it never refuses, because admission waits.
 * @throws BreakwaterError `circuit_open`
 */
export async function refuseIfOpen({ circuit, settings, emit }: Guard, target: OperationTarget): Promise<void> {
  if (circuit === null || settings.waitMs > 0) return;
  const refusal = await circuit.check();
  if (refusal === null) return;
  emit({ kind: 'circuit_refused', refusal });
  emit({
    ...target,
    kind: 'operation_finished',
    result: 'circuit_open',
    code: 'circuit_open',
    durationMs: 0,
    bytes: 0,
  });
  throw refusalError(refusal);
}
