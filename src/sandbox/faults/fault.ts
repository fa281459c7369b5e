import type { SandboxOperation } from '../protocol/wire.ts';

/** What a fault does to a request instead of, or before, the real answer. */
export type FaultEffect =
  /** An error document. With status 200 the error hides in a success, as S3 does for long operations. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly retryAfterSeconds: number | null;
    }
  /** The connection is reset before a response. */
  | { readonly kind: 'reset' }
  /** No answer, ever. */
  | { readonly kind: 'hang' }
  /** A page of a proxy or a login, 200. */
  | { readonly kind: 'html' }
  /** The body ends half way with the connection: of the request where that carries an object's bytes, else of the real answer. */
  | { readonly kind: 'truncate' }
  /** The body, of the request or the response as above, stops half way: nothing more is read, or said. */
  | { readonly kind: 'stall' }
  /** One byte of the body, of the request or the response as above, is changed. */
  | { readonly kind: 'corrupt' }
  /** The real answer, later. */
  | { readonly kind: 'latency' }
  /** The operation is carried out, and the connection reset before the response. */
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
  /** How many requests it hits before it is used up; null for all. */
  readonly times: number | null;
  /** How often it hits one and the same key; null for always. */
  readonly each: number | null;
  /** How many requests that fit go unharmed first. */
  readonly skip: number;
  /** Only every so many of the requests that fit are hit; 1 for all. */
  readonly every: number;
  /** How long it lasts from when it was added, in ms; null for ever. */
  readonly lastsMs: number | null;
  /** Waited before the effect, in ms. */
  readonly latencyMs: number;
}

export interface ActiveFault {
  readonly id: number;
  /** As it was given. */
  readonly text: string;
  readonly rule: FaultRule;
  readonly addedAtMs: number;
  /** Requests that fitted so far. */
  seen: number;
  /** Requests that it hit so far. */
  hits: number;
  /** Hits by bucket and key, where the rule has an `each`. */
  readonly hitsByKey: Map<string, number>;
}

interface Target {
  readonly operation: SandboxOperation | 'DeleteObjectsEntry';
  readonly bucket: string;
  readonly key: string;
}

/** The faults of a sandbox; the first that fits a request hits it. */
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

  /** False where there is no such fault. */
  remove(id: number): boolean {
    return this.#faults.delete(id);
  }

  clear(): void {
    this.#faults.clear();
  }

  list(): readonly ActiveFault[] {
    return [...this.#faults.values()];
  }

  /** The rule that hits this request, which is thereby counted; null for none. */
  take(target: Target): FaultRule | null {
    for (const fault of this.#faults.values()) {
      if (!this.#fits(fault, target)) continue;
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

  #fits({ rule, hits, hitsByKey, addedAtMs }: ActiveFault, target: Target): boolean {
    const { operation, bucket, key } = target;
    // "Every operation" means every request; a single key of a batch has to be meant.
    const isMeant = rule.operation === operation || (rule.operation === '*' && operation !== 'DeleteObjectsEntry');
    return (
      isMeant &&
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
