import { BreakwaterError } from '../errors.ts';
import { RetryChainFailed } from '../retry/retry-chain.ts';
import { describeFailure } from './operation-error.ts';
import type { Guard, GuardCircuit } from './guard.ts';
import { PermitHolder } from './permit-holder.ts';
import { RequestRunner } from './request-runner.ts';
import { judge } from './verdict.ts';
import type { OperationTarget } from '../operations.ts';

/**
 * The one way to S3: admission, then `work` with its retry chains, then one verdict.
 *
 * The order is deadline( circuit( retry( rate limiter( one request )))); bodies are read inside `work`, so that
 * their faults count. Arguments, files and credentials must have been checked before.
 * @throws BreakwaterError, always: `circuit_open` when refused, otherwise what the last failure means
 */
export async function runGuarded<T>(
  guard: Guard,
  target: OperationTarget,
  work: (requests: RequestRunner) => Promise<T>,
): Promise<T> {
  const { clock, emit } = guard;
  const startedAtMs = clock.monotonic();
  const stop = new AbortController();
  // Not `AbortSignal.any`: a tree of small objects makes thousands, and each costs and lasts.
  const onAbort = (): void => stop.abort(guard.signal.reason);
  guard.signal.addEventListener('abort', onAbort, { once: true });
  const stoppable: Guard = { ...guard, signal: stop.signal };
  const permits = guard.circuit === null ? null : holdPermit(stoppable, guard.circuit);
  const requests = new RequestRunner(stoppable, { target, permits, stop });
  const finish = (result: 'success' | 'error' | 'circuit_open' | 'interrupted', error: BreakwaterError | null): void =>
    emit({
      ...target,
      kind: 'operation_finished',
      result,
      code: error?.code ?? null,
      durationMs: clock.monotonic() - startedAtMs,
      bytes: requests.bytesMoved,
    });

  emit({ ...target, kind: 'operation_started' });
  try {
    guard.signal.throwIfAborted();
    await permits?.acquire({ waitMs: limitWait(guard), waitsFor: 'any' });
    const value = await work(requests);
    permits?.settle('success');
    finish('success', null);
    return value;
  } catch (error) {
    const { verdict, failure } = judge(error, requests.evidence());
    permits?.settle(verdict, failure);
    const described = describeError(target, error);
    finish(resultOf(described), described);
    throw described;
  } finally {
    guard.signal.removeEventListener('abort', onAbort);
  }
}

function holdPermit({ clock, emit, settings, signal }: Guard, circuit: GuardCircuit): PermitHolder {
  return new PermitHolder({
    circuit,
    clock,
    signal,
    probeLeaseMs: settings.probeLeaseMs,
    onRefused: (refusal) => emit({ kind: 'circuit_refused', refusal }),
  });
}

/** `--wait`, cut at the deadline. */
function limitWait({ settings, clock }: Guard): number {
  const { waitMs, deadlineAtMs } = settings;
  return deadlineAtMs === null ? waitMs : Math.min(waitMs, deadlineAtMs - clock.monotonic());
}

function describeError(target: OperationTarget, error: unknown): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  if (error instanceof RetryChainFailed) {
    // What happened on our side of a request says itself what it is: a full disk, a closed pipe.
    return error.cause instanceof BreakwaterError ? error.cause : describeFailure(target, error);
  }
  return new BreakwaterError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}

function resultOf(error: BreakwaterError): 'error' | 'circuit_open' | 'interrupted' {
  if (error.code === 'circuit_open') return 'circuit_open';
  return error.code === 'interrupted' ? 'interrupted' : 'error';
}
