import { findBareName } from '../circuit/circuit-name.ts';
import type { Verdict } from '../circuit/circuit.ts';
import { BreakwaterError } from '../errors.ts';
import { RetryChainFailed } from '../retry/retry-chain.ts';
import { operationError } from './operation-error.ts';
import { OperationStop } from './operation-stop.ts';
import type { Guard } from './guard.ts';
import type { GuardedCircuit } from './guarded-circuit.ts';
import { PermitHolder } from './permit-holder.ts';
import { RequestRunner } from './request-runner.ts';
import { judge } from './verdict.ts';
import { OPERATIONS, type OperationTarget } from '../operations.ts';

/**
 * Runs one operation on S3: admission, then `work` with its requests, then one verdict. From the outside in:
 *
 * 1. Deadline: `guard.signal` aborts every wait and request below.
 * 2. Circuit: one permit for the operation (`PermitHolder`), settled with one verdict (`judge`).
 * 3. Retry: each request of `work` has its own retry chain (`RequestRunner.send`, `runRetryChain`).
 * 4. Rate limiter: once S3 has throttled, each attempt waits for it, the oldest operation first (`RequestLimiter`).
 * 5. Request: one HTTP request, aborted if it makes no progress (`RequestWatch`).
 *
 * `work` must read the response bodies, so that their faults count. Check arguments, files and credentials beforehand.
 * @param shared ends the operation, and must abort with the guard's signal, too: for operations of one small request,
 * which need no signal of their own. Before something else is stopped alone, call `requests.separate`.
 * @default the operation has a signal of its own
 * @throws BreakwaterError only: `circuit_open` when refused, otherwise with the code of the last failure
 */
export async function runGuarded<T>(
  guard: Guard,
  target: OperationTarget,
  work: (requests: RequestRunner) => Promise<T>,
  shared: AbortSignal | null = null,
): Promise<T> {
  const { clock, emit } = guard;
  const startedAtMs = clock.monotonic();
  const stop = new OperationStop(shared ?? guard.signal);
  if (shared === null) stop.separate();
  const permits = guard.circuit === null ? null : createPermitHolder(guard, guard.circuit, stop);
  const requests = new RequestRunner(guard, { target, permits, stop });
  const finish = (error: BreakwaterError | null): void =>
    emit({
      ...target,
      kind: 'operation_finished',
      result: error === null ? 'success' : resultOf(error),
      code: error?.code ?? null,
      durationMs: clock.monotonic() - startedAtMs,
      bytes: requests.bytesMoved,
    });

  emit({ ...target, kind: 'operation_started' });
  try {
    stop.signal.throwIfAborted();
    await permits?.acquire(guard.settings.waitMs);
    const value = await work(requests);
    // Awaited only where there is something to wait for: a tree runs this for each object.
    const settling = permits?.settle(saysOfSuccess(target, guard.circuit));
    if (settling !== undefined) await settling;
    finish(null);
    return value;
  } catch (error) {
    const { verdict, failure } = judge(error, requests.evidence());
    await permits?.settle(verdict, failure);
    const reported = toOperationError(target, error, guard);
    finish(reported);
    throw reported;
  } finally {
    permits?.end();
    stop.end();
  }
}

/** That a listing or a look went well says nothing about the writes that the circuit of a put guards. */
function saysOfSuccess({ operation }: OperationTarget, circuit: GuardedCircuit | null): Verdict {
  const { circuit: own } = OPERATIONS[operation];
  return own === null || circuit === null || findBareName(circuit.name) === own ? 'success' : 'neutral';
}

function createPermitHolder(
  { clock, random, emit, settings, waits }: Guard,
  circuit: GuardedCircuit,
  stop: OperationStop,
): PermitHolder {
  return new PermitHolder({
    circuit,
    clock,
    random,
    stop,
    probeLeaseMs: settings.probeLeaseMs,
    deadlineAtMs: settings.deadlineAtMs,
    waits,
    onRefused: (refusal) => emit({ kind: 'circuit_refused', refusal }),
  });
}

function toOperationError(target: OperationTarget, error: unknown, { nameSettings }: Guard): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  if (error instanceof RetryChainFailed) {
    // A local failure, such as a full disk or a closed pipe, already has its own code.
    return error.cause instanceof BreakwaterError ? error.cause : operationError(target, error, nameSettings?.());
  }
  return new BreakwaterError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

function resultOf(error: BreakwaterError): 'error' | 'circuit_open' | 'interrupted' {
  if (error.code === 'circuit_open') return 'circuit_open';
  return error.code === 'interrupted' ? 'interrupted' : 'error';
}
