import type { AttemptFailure, CircuitEvent, RefusalReason } from './circuit/circuit.ts';
import type { FleetOperation } from './circuit/fleet-gate.ts';
import type { FleetFailureCode } from './circuit/fleet-store.ts';
import type { ErrorCode } from './errors.ts';
import type { OperationTarget } from './operations.ts';

/** The input of the log, metrics, progress and JSON. An error in one of these does not fail the transfer. */
export type Event =
  | (OperationTarget & { readonly kind: 'operation_started' })
  /** A request is sent: for a part, a range, an object, a page or a batch. */
  | (OperationTarget & { readonly kind: 'request_started' })
  /** The response was read to the end, or the request failed. */
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
      /** How many requests alike a line of the log stands for; then without a key, unless all are about one. @default 1 */
      readonly requests?: number;
    })
  | (OperationTarget & {
      readonly kind: 'operation_finished';
      readonly result: 'success' | 'error' | 'circuit_open' | 'interrupted';
      /** The error's code, or null for a success. */
      readonly code: ErrorCode | null;
      /** Including retries and backoff, in ms. */
      readonly durationMs: number;
      readonly bytes: number;
    })
  | CircuitEvent
  /** The fleet could not be asked, so it admitted, or did not get a verdict. */
  | { readonly kind: 'fleet_failed'; readonly operation: FleetOperation; readonly code: FleetFailureCode }
  /** Operations of the command have been waiting for a second. Backoff is `retry_scheduled` instead. */
  | (WaitFacts & { readonly kind: 'wait_started' })
  /** No operation waits for this any more; sent only after its `wait_started`. */
  | { readonly kind: 'wait_ended'; readonly reason: WaitReason }
  | { readonly kind: 'transfer_started'; readonly name: string; readonly totalBytes: number | null }
  /** Bytes stored; negative when an attempt starts over. */
  | { readonly kind: 'bytes_moved'; readonly name: string; readonly bytes: number }
  | { readonly kind: 'transfer_finished'; readonly name: string; readonly ok: boolean }
  /** An object's checksum could not be verified; `why` is for people. */
  | { readonly kind: 'not_verified'; readonly name: string; readonly why: string }
  /** How this store handles deletions; the values are explained in `s3/delete/delete-dialect.ts`. */
  | {
      readonly kind: 'deletes_adapted';
      readonly bucket: string;
      readonly form: 'batch' | 'single';
      readonly hasMd5: boolean;
      readonly condition: 'untested' | 'honoured' | 'ignored' | 'refused';
    }
  /** The result of one batch: `matched` is the sum of the other three. */
  | {
      readonly kind: 'objects_swept';
      readonly bucket: string;
      readonly matched: number;
      readonly deleted: number;
      /** Kept, because they were overwritten after they were listed. */
      readonly changed: number;
      readonly failed: number;
      readonly bytes: number;
    }
  /** The whole listing was processed; objects that could not be deleted are left for the next sweep. */
  | { readonly kind: 'sweep_finished'; readonly bucket: string; readonly deleted: number; readonly failed: number }
  /** A step of the search for AWS credentials. */
  | { readonly kind: 'credentials_sought'; readonly message: string }
  | { readonly kind: 'warning'; readonly reason: string; readonly message: string };

/** The cause of a wait: a circuit that refuses, the command's own probe, or the rate limiter. */
export type WaitReason = RefusalReason | 'own_probe' | 'rate_limit';

export interface WaitFacts {
  readonly reason: WaitReason;
  /** The circuit's full name; null for the rate limiter. */
  readonly circuit: string | null;
  /** The longest that it may last, in ms; null if only the deadline limits it. */
  readonly atMostMs: number | null;
}

export type EventSink = (event: Event) => void;
