import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import type { EventSink, WaitFacts, WaitReason } from '../events.ts';

/** Shorter waits are not reported, in ms; but a wait that may last less than four times as long after a quarter of it. */
export const WAIT_REPORTED_AFTER_MS = 1000;

interface Reported {
  readonly reason: WaitReason;
  waiters: number;
  isReported: boolean;
  readonly timer: Disposable;
}

/** Reports the waits of one command: once per reason and circuit, and again when no operation waits for the reason any more. */
export class WaitReport {
  readonly #clock: Clock;
  readonly #emit: EventSink;
  /** By `keyOfWait`. */
  readonly #waits = new Map<string, Reported>();

  constructor({ clock, emit }: { readonly clock: Clock; readonly emit: EventSink }) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Starts the wait of one operation; dispose it to end the wait. */
  begin(wait: WaitFacts): Disposable {
    const { reason } = wait;
    const key = keyOfWait(wait);
    const reported = this.#waits.get(key) ?? this.#start(wait);
    reported.waiters += 1;
    return {
      [Symbol.dispose]: () => {
        reported.waiters -= 1;
        if (reported.waiters > 0) return;
        this.#waits.delete(key);
        reported.timer[Symbol.dispose]();
        const isOver = ![...this.#waits.values()].some((other) => other.reason === reason && other.isReported);
        if (reported.isReported && isOver) this.#emit({ kind: 'wait_ended', reason });
      },
    };
  }

  #start(wait: WaitFacts): Reported {
    const afterMs = Math.min(WAIT_REPORTED_AFTER_MS, (wait.atMostMs ?? Infinity) / 4);
    const report = (): void => {
      reported.isReported = true;
      const atMostMs = wait.atMostMs === null ? null : wait.atMostMs - afterMs;
      this.#emit({ kind: 'wait_started', ...wait, atMostMs });
    };
    const reported: Reported = {
      reason: wait.reason,
      waiters: 0,
      isReported: false,
      timer: after(this.#clock, afterMs, report),
    };
    this.#waits.set(keyOfWait(wait), reported);
    return reported;
  }
}

/** Waits that are one for a person who reads of them: for the same reason, and the same circuit. */
export function keyOfWait({ reason, circuit }: WaitFacts): string {
  return `${reason} ${circuit ?? ''}`;
}
