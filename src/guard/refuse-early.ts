import { refusalError } from '../circuit/refusal-error.ts';
import type { Guard } from './guard.ts';
import type { OperationTarget } from '../operations.ts';

/**
 * The read-only look at the circuit that comes before the SDK is loaded: a refused command ends here, in
 * milliseconds, and is counted as the operation it would have been. With `--wait` the admission itself waits.
 * @throws BreakwaterError `circuit_open`
 */
export function refuseIfOpen(
  { gate, settings, emit }: Guard,
  target: OperationTarget & { readonly circuit: string },
): void {
  const { circuit, ...plainTarget } = target;
  const refusal = settings.waitMs > 0 ? null : (gate?.check(circuit) ?? null);
  if (refusal === null) return;
  emit({ kind: 'circuit_refused', refusal });
  emit({
    ...plainTarget,
    kind: 'operation_finished',
    result: 'circuit_open',
    code: 'circuit_open',
    durationMs: 0,
    bytes: 0,
  });
  throw refusalError(refusal);
}
