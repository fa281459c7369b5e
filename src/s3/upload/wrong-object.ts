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

/**
 * Runs the attempts to create one object, and follows whether one has stored a wrong object. If they end with another
 * error than that, a warning says so, because the object stays.
 */
export async function noteWrongObject<T>(
  { guard, target }: { readonly guard: Guard; readonly target: OperationTarget },
  attempt: (attempt: WriteAttempt) => Promise<T>,
  run: (attempt: (attempt: Attempt) => Promise<T>) => Promise<T>,
): Promise<T> {
  const noted: { wrong: TransferFault | null } = { wrong: null };
  try {
    return await run(async (one) => {
      try {
        return await attempt({ ...one, wrong: noted.wrong });
      } catch (error) {
        if (error instanceof TransferFault && error.word === 'corrupted_body') noted.wrong = error;
        throw error;
      }
    });
  } catch (error) {
    const isReported = error instanceof RetryChainFailed && error.failure.code === 'corrupted_body';
    if (noted.wrong !== null && !isReported) {
      const message = `s3://${target.bucket}/${target.key ?? ''}: ${noted.wrong.message}`;
      guard.emit({ kind: 'warning', reason: 'wrong_object_stored', message });
    }
    throw error;
  }
}
