import type { SandboxOperation } from '../protocol/wire.ts';

/** What a fault does to a request, instead of or before the real response. */
export type FaultEffect =
  /** An error document. With status 200 the error is inside a success, as S3 does for long operations. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly retryAfterSeconds: number | null;
    }
  /** The connection is reset before the response. */
  | { readonly kind: 'reset' }
  /** No response, ever. */
  | { readonly kind: 'hang' }
  /** A page of a proxy or a login, 200. */
  | { readonly kind: 'html' }
  /** The connection closes halfway through the body: that of an upload request, otherwise that of the response. */
  | { readonly kind: 'truncate' }
  /** The same body stops halfway, and the connection stays open. */
  | { readonly kind: 'stall' }
  /** One byte of the same body is changed. */
  | { readonly kind: 'corrupt' }
  /** The real response, after a delay. */
  | { readonly kind: 'latency' }
  /** The operation is carried out, then the connection is reset before the response. */
  | { readonly kind: 'lost' };

export interface FaultRule {
  /** `DeleteObjectsEntry` is one key of a DeleteObjects: it fails inside the 200. */
  readonly operation: SandboxOperation | 'DeleteObjectsEntry' | '*';
  readonly effect: FaultEffect;
  readonly bucket: string | null;
  /** A prefix of the key. */
  readonly keyPrefix: string | null;
  /** How the key ends. */
  readonly keySuffix: string | null;
  /** How many requests it applies to in total; null for no limit. */
  readonly times: number | null;
  /** How often it applies to the same key; null for no limit. */
  readonly each: number | null;
  /** How many matching requests it lets pass first. */
  readonly skip: number;
  /** It applies to every Nth matching request; 1 for all. */
  readonly every: number;
  /** How long it lasts after it was added, in ms; null for no end. */
  readonly lastsMs: number | null;
  /** Delay before the effect, in ms. */
  readonly latencyMs: number;
}

export interface ActiveFault {
  readonly id: number;
  /** As it was written. */
  readonly text: string;
  readonly rule: FaultRule;
  readonly addedAtMs: number;
  /** Matching requests so far. */
  seen: number;
  /** Requests that it was applied to so far. */
  hits: number;
  /** Hits by bucket and key, if the rule has an `each`. */
  readonly hitsByKey: Map<string, number>;
}

interface Target {
  readonly operation: SandboxOperation | 'DeleteObjectsEntry';
  readonly bucket: string;
  readonly key: string;
}

/** The faults of a sandbox; the first that matches a request applies. */
export class Faults {
  readonly #now: () => number;
  readonly #faults = new Map<number, ActiveFault>();
  #nextId = 1;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns its id */
  add(rule: FaultRule, text: string): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#faults.set(id, { id, text, rule, addedAtMs: this.#now(), seen: 0, hits: 0, hitsByKey: new Map() });
    return id;
  }

  /** False if there is no such fault. */
  remove(id: number): boolean {
    return this.#faults.delete(id);
  }

  clear(): void {
    this.#faults.clear();
  }

  list(): readonly ActiveFault[] {
    return [...this.#faults.values()];
  }

  /** The rule that applies to this request, and counts it; null for none. */
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
    // `*` means every request; a single key of a batch must be named.
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
