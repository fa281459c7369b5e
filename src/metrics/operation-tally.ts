import { ERROR_CODES } from '../errors.ts';
import type { Event } from '../events.ts';
import { DurationHistogram } from './duration-histogram.ts';
import type { Sums } from './sums.ts';

type Finished = Extract<Event, { kind: 'operation_finished' }>;
type Target = Pick<Finished, 'operation' | 'bucket'>;

const RESULTS = ['success', 'error', 'circuit_open'] as const;

/** Counts the finished operations of one command. Plain numbers, because a tree has an operation for each object. */
export class OperationTally {
  readonly #groups = new Map<string, Group>();
  /** The group of the last operation: mostly that of the next one, too. */
  #last: Group | null = null;

  get isEmpty(): boolean {
    return this.#last === null;
  }

  /** @param nowMs wall clock, in ms since the Unix epoch */
  add(event: Finished, nowMs: number): void {
    const { result, code, durationMs, bytes } = event;
    if (result === 'interrupted') return;
    const group = this.#groupOf(event);
    group.results[result] += 1;
    if (result !== 'circuit_open') group.durations.add(durationMs / 1000);
    if (result === 'error') {
      const known = ERROR_CODES.find((each) => each === code) ?? 'internal';
      group.errors.set(known, (group.errors.get(known) ?? 0) + 1);
    }
    if (result !== 'success') return;
    group.bytes += bytes;
    group.lastSuccessMs = Math.max(group.lastSuccessMs ?? nowMs, nowMs);
  }

  /** Adds everything to `sums`. Creates all series of an (operation, bucket) at 0; else Prometheus would miss the first increase. */
  addTo(sums: Sums): void {
    for (const { target, results, errors, bytes, durations, lastSuccessMs } of this.#groups.values()) {
      const { operation } = target;
      for (const result of RESULTS) sums.count('operations', { ...target, result }, results[result]);
      for (const [code, count] of errors) sums.count('errors', { operation, code }, count);
      sums.count('bytes', target, bytes);
      sums.observe('duration', target, durations);
      if (lastSuccessMs !== null) sums.raise('lastSuccess', target, lastSuccessMs / 1000);
    }
  }

  #groupOf({ operation, bucket }: Target): Group {
    const last = this.#last;
    if (last !== null && last.target.operation === operation && last.target.bucket === bucket) return last;
    const key = `${operation}\0${bucket}`;
    const group = this.#groups.get(key) ?? new Group({ operation, bucket });
    this.#groups.set(key, group);
    this.#last = group;
    return group;
  }
}

/** The operations of one kind on one bucket. */
class Group {
  readonly target: Target;
  readonly results = { success: 0, error: 0, circuit_open: 0 };
  readonly errors = new Map<string, number>();
  readonly durations = new DurationHistogram();
  bytes = 0;
  lastSuccessMs: number | null = null;

  constructor(target: Target) {
    this.target = target;
  }
}
