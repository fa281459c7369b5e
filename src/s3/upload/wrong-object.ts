import type { Guard } from '../../guard/guard.ts';
import type { Attempt } from '../../guard/request-runner.ts';
import type { OperationTarget } from '../../operations.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';

/** An attempt to create an object. */
export interface WriteAttempt extends Attempt {
  /** Why the object that an earlier attempt stored is wrong; null if there is none. A later 412 or 404 is due to it. */
  readonly wrong: TransferFault | null;
}

interface Checksums {
  readonly algorithm: string;
  readonly stated: string;
  /** Null if several are possible. */
  readonly computed: string | null;
}

/** The fault of a store that states another checksum than that of the bytes sent. It is retried, then status 65. */
export function wrongPartFault(number: number, checksums: Checksums): TransferFault {
  return new TransferFault('corrupted_body', `part ${number} arrived damaged: ${describe(checksums)}`);
}

/** The same for a whole object, which then exists. */
export function wrongObjectFault(checksums: Checksums): TransferFault {
  const message = `${describe(checksums)}; the object that it has stored is wrong: replace or delete it`;
  return new TransferFault('corrupted_body', message);
}

function describe({ algorithm, stated, computed }: Checksums): string {
  const ours = computed === null ? 'which is not that of the bytes sent' : `and the bytes sent have ${computed}`;
  return `the store states the ${algorithm} ${stated}, ${ours}`;
}

/** Whether an attempt failed because the object that it stored is wrong. */
export function isWrongObject(error: unknown): error is TransferFault {
  return error instanceof TransferFault && error.word === 'corrupted_body';
}

/** Warns of a wrong object that has stayed, unless the error that ended the attempts says so itself. */
export function warnOfWrongObject(
  wrong: TransferFault,
  { guard, target, error }: { readonly guard: Guard; readonly target: OperationTarget; readonly error: unknown },
): void {
  if (error instanceof RetryChainFailed && error.failure.code === 'corrupted_body') return;
  const message = `s3://${target.bucket}/${target.key ?? ''}: ${wrong.message}`;
  guard.emit({ kind: 'warning', reason: 'wrong_object_stored', message });
}
