import type { Buckets } from '../store/buckets.ts';
import type { StoreQuirk, WireResponse, WireRequest } from '../protocol/wire.ts';

/** The context of every operation, in addition to the request. */
export interface OperationContext {
  readonly buckets: Buckets;
  readonly nowMs: number;
  readonly quirks: ReadonlySet<StoreQuirk>;
  /** The error code that a fault assigns to one key of a DeleteObjects; null if none. */
  readonly failEntry: (bucket: string, key: string) => string | null;
}

/** Executes one operation synchronously. @throws Refusal for every error response */
export type Operate = (request: WireRequest, context: OperationContext) => WireResponse;
