import type { Buckets } from '../store/buckets.ts';
import type { StoreQuirk, WireResponse, WireRequest } from '../protocol/wire.ts';

/** What operations work on besides the request. */
export interface Stage {
  readonly buckets: Buckets;
  readonly nowMs: number;
  readonly quirks: ReadonlySet<StoreQuirk>;
  /** The code that a fault has ready for one key of a DeleteObjects; null for none. */
  readonly failEntry: (bucket: string, key: string) => string | null;
}

/** Carries out one operation at once. @throws Refusal for every answer that is an error */
export type Operate = (request: WireRequest, stage: Stage) => WireResponse;
