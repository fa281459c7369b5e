import { refusalError } from '../circuit/refusal-error.ts';
import type { Guard } from './guard.ts';
import type { OperationTarget } from '../operations.ts';

/**
 * The read-only look at the circuit that comes before the SDK is loaded: a refused command ends here, in
 * milliseconds, and is counted as the operation it would have been. With `--wait` the admission itself waits.
 * @throws BreakwaterError `circuit_open`
 */
export function refuseIfOpen({ circuit, settings, emit }: Guard, target: OperationTarget): void {
  if (circuit === null || settings.waitMs > 0) return;
  const refusal = circuit.gate.check(circuit.name);
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
