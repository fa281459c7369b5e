import type { Buckets } from '../store/buckets.ts';
import type { StoreQuirk, WireResponse, WireRequest } from '../protocol/wire.ts';

/** Input of every operation besides the request. */
export interface OperationContext {
  readonly buckets: Buckets;
  readonly nowMs: number;
  readonly quirks: ReadonlySet<StoreQuirk>;
  /** The error code of a fault for one key of a DeleteObjects; null for none. */
  readonly failEntry: (bucket: string, key: string) => string | null;
}

/** Carries out one operation, synchronously. @throws Refusal for every error response */
export type Operate = (request: WireRequest, context: OperationContext) => WireResponse;
