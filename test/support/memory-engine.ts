import type { Engine, EngineChange } from '../../src/fleet/engine.ts';

/** One value that was replaced. */
export interface Replaced {
  readonly key: string;
  readonly before: string | null;
  readonly after: string;
}

/** An engine in memory, with a clock and what befalls engines. */
export class MemoryEngine implements Engine {
  nowMs: number;
  readonly replaced: Replaced[] = [];
  /** Comes before the next comparison, as another host does. */
  overtake: (() => Promise<void>) | null = null;
  /** Thrown by every call. */
  failure: Error | null = null;
  calls = 0;
  #values = new Map<string, string>();
  #lists = new Map<string, string[]>();
  /** Before the last write. */
  #replica: ReadonlyMap<string, string> = new Map();

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  readonly read: Engine['read'] = async (keys) => {
    await this.#arrive();
    return { nowMs: this.nowMs, values: keys.map((key) => this.#values.get(key) ?? null) };
  };

  readonly compareAndSet: Engine['compareAndSet'] = async (change: EngineChange) => {
    await this.#arrive();
    const { overtake } = this;
    this.overtake = null;
    await overtake?.();
    const before = this.#values.get(change.key) ?? null;
    if (before !== change.expected) return false;
    this.#replica = new Map(this.#values);
    this.#values.set(change.key, change.value);
    this.#lists.set(change.listKey, [...change.entries.toReversed(), ...(this.#lists.get(change.listKey) ?? [])]);
    this.replaced.push({ key: change.key, before, after: change.value });
    return true;
  };

  readonly readList: Engine['readList'] = async (key, { skip, limit }) => {
    await this.#arrive();
    return (this.#lists.get(key) ?? []).slice(skip, skip + limit);
  };

  readonly listKeys: Engine['listKeys'] = async () => {
    await this.#arrive();
    return { keys: [...this.#values.keys(), ...this.#lists.keys()], cursor: null };
  };

  readonly isOpen = (): boolean => true;

  readonly close = (): void => undefined;

  value(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  /** FLUSHALL. */
  flush(): void {
    this.#values = new Map();
    this.#lists = new Map();
    this.#replica = new Map();
  }

  /** A replica takes over that never got the last write. */
  failOver(): void {
    this.#values = new Map(this.#replica);
  }

  async #arrive(): Promise<void> {
    this.calls += 1;
    await Promise.resolve();
    if (this.failure !== null) throw this.failure;
  }
}
