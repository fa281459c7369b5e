import type { SandboxOperation } from '../protocol/wire.ts';

/** The effect of a fault on a request, instead of or before the real response. */
export type FaultEffect =
  /** An error document. With status 200 it is an error inside a success, as S3 sends for long operations. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly retryAfterSeconds: number | null;
    }
  /** The connection is reset before the response. */
  | { readonly kind: 'reset' }
  /** Never responds. */
  | { readonly kind: 'hang' }
  /** A proxy or login page with status 200. */
  | { readonly kind: 'html' }
  /** Closes the connection halfway through the request body of an upload, otherwise through the response body. */
  | { readonly kind: 'truncate' }
  /** Stops halfway through the same body and keeps the connection open. */
  | { readonly kind: 'stall' }
  /** Changes one byte of the same body. */
  | { readonly kind: 'corrupt' }
  /** The real response, after a delay. */
  | { readonly kind: 'latency' }
  /** Executes the operation, then resets the connection before the response. */
  | { readonly kind: 'lost' };

export interface FaultRule {
  /** `DeleteObjectsEntry` is one key of a DeleteObjects, which fails inside the 200. */
  readonly operation: SandboxOperation | 'DeleteObjectsEntry' | '*';
  readonly effect: FaultEffect;
  readonly bucket: string | null;
  /** A prefix of the key. */
  readonly keyPrefix: string | null;
  /** A suffix of the key. */
  readonly keySuffix: string | null;
  /** Maximum number of requests it applies to; null for no limit. */
  readonly times: number | null;
  /** Maximum number of times it applies to the same key; null for no limit. */
  readonly each: number | null;
  /** Number of matching requests that pass first. */
  readonly skip: number;
  /** Applies to every Nth matching request; 1 for all. */
  readonly every: number;
  /** Duration after it was added, in ms; null for no end. */
  readonly lastsMs: number | null;
  /** Delay before the effect, in ms. */
  readonly latencyMs: number;
}

export interface ActiveFault {
  readonly id: number;
  /** The original text. */
  readonly text: string;
  readonly rule: FaultRule;
  readonly addedAtMs: number;
  /** Number of matching requests so far. */
  seen: number;
  /** Number of requests it was applied to so far. */
  hits: number;
  /** Hits by bucket and key, if the rule has an `each`. */
  readonly hitsByKey: Map<string, number>;
}

interface Target {
  readonly operation: SandboxOperation | 'DeleteObjectsEntry';
  readonly bucket: string;
  readonly key: string;
}

/** The faults of a sandbox. The first that matches a request applies. */
export class Faults {
  readonly #now: () => number;
  readonly #faults = new Map<number, ActiveFault>();
  #nextId = 1;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns the id of the fault */
  add(rule: FaultRule, text: string): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#faults.set(id, { id, text, rule, addedAtMs: this.#now(), seen: 0, hits: 0, hitsByKey: new Map() });
    return id;
  }

  /** False if the fault does not exist. */
  remove(id: number): boolean {
    return this.#faults.delete(id);
  }

  clear(): void {
    this.#faults.clear();
  }

  list(): readonly ActiveFault[] {
    return [...this.#faults.values()];
  }

  /** Finds and counts the rule for this request; null if none applies. */
  take(target: Target): FaultRule | null {
    for (const fault of this.#faults.values()) {
      if (!this.#matches(fault, target)) continue;
      fault.seen += 1;
      const { skip, every } = fault.rule;
      if (fault.seen <= skip || (fault.seen - skip) % every !== 0) continue;
      fault.hits += 1;
      if (fault.rule.each !== null) {
        const id = nameKey(target);
        fault.hitsByKey.set(id, (fault.hitsByKey.get(id) ?? 0) + 1);
      }
      return fault.rule;
    }
    return null;
  }

  #matches({ rule, hits, hitsByKey, addedAtMs }: ActiveFault, target: Target): boolean {
    const { operation, bucket, key } = target;
    // `*` means every request, but a single key of a batch must be named.
    const isNamed = rule.operation === operation || (rule.operation === '*' && operation !== 'DeleteObjectsEntry');
    return (
      isNamed &&
      (rule.bucket === null || rule.bucket === bucket) &&
      (rule.keyPrefix === null || key.startsWith(rule.keyPrefix)) &&
      (rule.keySuffix === null || key.endsWith(rule.keySuffix)) &&
      (rule.times === null || hits < rule.times) &&
      (rule.each === null || (hitsByKey.get(nameKey(target)) ?? 0) < rule.each) &&
      (rule.lastsMs === null || this.#now() < addedAtMs + rule.lastsMs)
    );
  }
}

function nameKey({ bucket, key }: Target): string {
  return `${bucket}/${key}`;
}
