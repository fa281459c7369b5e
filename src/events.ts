import type { CircuitState, Refusal, Transition, Verdict } from './circuit/circuit.ts';
import type { ErrorCode } from './errors.ts';
import type { OperationTarget } from './operations.ts';

/** How one attempt failed, in the words of the wire. */
export interface AttemptFailure {
  /** S3's code or our word for the fault: `SlowDown`, `connection_reset`, `stalled_body`. */
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number | null;
  readonly requestId: string | null;
}

/**
 * Everything that happens and is worth telling: log, metrics, progress and JSON are readers of this union.
 * A reader may fail without failing the transfer.
 */
export type Event =
  | (OperationTarget & { readonly kind: 'operation_started' })
  /** A request goes out: the attempt at a part, a range, an object, a page or a batch. */
  | (OperationTarget & { readonly kind: 'request_started' })
  /** It was answered to the end, or failed. */
  | (OperationTarget & { readonly kind: 'request_ended' })
  | (OperationTarget & { readonly kind: 'attempt_failed'; readonly attempt: number; readonly failure: AttemptFailure })
  | (OperationTarget & {
      readonly kind: 'retry_scheduled';
      /** 1 is the first retry. */
      readonly retry: number;
      /** Retries allowed after the first try. */
      readonly retries: number;
      readonly delayMs: number;
      readonly failure: AttemptFailure;
    })
  | (OperationTarget & {
      readonly kind: 'operation_finished';
      readonly result: 'success' | 'error' | 'circuit_open' | 'interrupted';
      /** The error's code, or null for a success. */
      readonly code: ErrorCode | null;
      /** Retries and backoff included, in ms. */
      readonly durationMs: number;
      readonly bytes: number;
    })
  | { readonly kind: 'circuit_changed'; readonly transition: Transition }
  /** Failures in a row of a closed circuit: when a call is admitted while there are some, and when their number changes. */
  | {
      readonly kind: 'failures_counted';
      readonly circuit: string;
      readonly failures: number;
      readonly failureThreshold: number;
    }
  | { readonly kind: 'circuit_refused'; readonly refusal: Refusal }
  | {
      readonly kind: 'result_ignored';
      readonly circuit: string;
      readonly verdict: Verdict;
      readonly state: CircuitState;
      readonly permitEpoch: number;
      readonly epoch: number;
    }
  | { readonly kind: 'transfer_started'; readonly name: string; readonly totalBytes: number | null }
  /** Bytes that are stored for good; negative when an attempt is begun again from its start. */
  | { readonly kind: 'bytes_moved'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'transfer_finished'; readonly name: string; readonly ok: boolean }
  /** S3 has promised something about an object's bytes that they cannot be held against; `why` is for people. */
  | { readonly kind: 'not_verified'; readonly name: string; readonly why: string }
  /** How this store wants to be asked for deletions; `s3/delete/delete-dialect.ts` says what the words mean. */
  | {
      readonly kind: 'deletes_adapted';
      readonly bucket: string;
      readonly form: 'batch' | 'single';
      readonly hasMd5: boolean;
      readonly condition: 'untested' | 'honoured' | 'ignored' | 'refused';
    }
  /** What became of one batch: `matched` is the sum of the other three. */
  | {
      readonly kind: 'objects_swept';
      readonly bucket: string;
      readonly matched: number;
      readonly deleted: number;
      /** Overwritten since they were listed, and left alone. */
      readonly changed: number;
      readonly failed: number;
      readonly bytes: number;
    }
  /** It went through the whole listing; what could not be deleted is left for the next one. */
  | { readonly kind: 'sweep_finished'; readonly bucket: string; readonly deleted: number; readonly failed: number }
  | { readonly kind: 'warning'; readonly reason: string; readonly message: string };

export type EventSink = (event: Event) => void;
