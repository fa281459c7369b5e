import { every, waitUnless } from '../abort.ts';
import { BreakwaterError } from '../errors.ts';
import { findFleetCircuit } from '../circuit/circuit-name.ts';
import { refusalError } from '../circuit/refusal-error.ts';
import type { Admission, AttemptFailure, Permit, Refusal, Verdict } from '../circuit/circuit.ts';
import type { Clock } from '../clock.ts';
import type { WaitFacts } from '../events.ts';
import type { Answer, GuardedCircuit } from './guarded-circuit.ts';
import type { WaitReport } from './wait-report.ts';

export interface PermitHolderOptions {
  readonly circuit: GuardedCircuit;
  readonly clock: Clock;
  /** From 0 to below 1, for the jitter of polls. @default always 0.5 */
  readonly random?: () => number;
  /** Ends the waits. */
  readonly stop: { readonly signal: AbortSignal };
  /** A probe's lease, in ms; renewed every third of it while held. */
  readonly probeLeaseMs: number;
  /** When the whole command must end, on the monotonic clock, in ms; null for never. */
  readonly deadlineAtMs: number | null;
  readonly waits: WaitReport;
  readonly onRefused: (refusal: Refusal) => void;
}

/** How often a busy probe slot is checked again, in ms. */
const SLOT_POLL_MS = 250;
/** The same for the slot of a fleet, on average: all its hosts ask one engine. */
const FLEET_SLOT_POLL_MS = 1000;
/** The longest wait between two checks of an open circuit, in ms: a user may close it earlier. */
const OPEN_POLL_MS = 1000;

/** The permit of one operation: acquired, renewed if it is a probe's, and settled exactly once. */
export class PermitHolder {
  readonly #options: PermitHolderOptions;
  #permit: Permit | null = null;
  #renewal: Disposable | null = null;
  /** The one acquisition in flight. */
  #acquiring: Promise<void> | null = null;
  #hasEnded = false;

  constructor(options: PermitHolderOptions) {
    this.#options = options;
  }

  get isHeld(): boolean {
    return this.#permit !== null;
  }

  get isProbe(): boolean {
    return this.#permit !== null && this.#permit.probeToken !== null;
  }

  /** False once others have changed the circuit, so that the held permit would settle as stale. */
  isCurrent(): Answer<boolean> {
    return this.#permit !== null && this.#options.circuit.isCurrent(this.#permit);
  }

  /** Whether the held permit is current. Releases it neutral if not. */
  async keepIfCurrent(): Promise<boolean> {
    const permit = this.#permit;
    if (await this.isCurrent()) return true;
    // Another request may have settled it meanwhile, and taken a new one.
    if (this.#permit === permit) await this.settle('neutral');
    return false;
  }

  /**
   * Takes a permit. While the circuit refuses, for any reason, waits at most `waitMs` (`--wait`). Also waits for a busy
   * probe slot: until it ends for the command's own probe; once the command was admitted, at most two leases for
   * another process's, because the first may belong to an owner that died. Also returns when another call has taken a
   * permit.
   * @throws BreakwaterError `circuit_open` when refused without a wait, or still refused after it
   */
  async acquire(waitMs: number): Promise<void> {
    if (this.#permit !== null) return;
    // An admission in flight must not refuse the other requests of its own operation.
    if (this.#acquiring !== null) return await this.#acquiring;
    const answer = this.#options.circuit.admit();
    if (!(answer instanceof Promise)) return await this.#accept(answer, waitMs);
    this.#acquiring = answer.then(async (admission) => await this.#accept(admission, waitMs));
    try {
      await this.#acquiring;
    } finally {
      this.#acquiring = null;
    }
  }

  /** Ends the operation: a probe's permit that arrives later is released. */
  end(): void {
    this.#hasEnded = true;
  }

  async #accept(admission: Admission, waitMs: number): Promise<void> {
    if (admission.kind === 'admitted') this.#take(admission.permit);
    else await this.#waitFor(admission.refusal, waitMs);
  }

  async #waitFor(firstRefusal: Refusal, waitMs: number): Promise<void> {
    const { circuit, clock, deadlineAtMs } = this.#options;
    const endAtMs = Math.min(clock.monotonic() + waitMs, deadlineAtMs ?? Infinity);
    using wait = new CurrentWait(this.#options.waits);
    let busySinceMs: number | null = null;
    for (let refusal = firstRefusal; ;) {
      if (refusal.reason === 'probe_in_progress' && circuit.isProbing) {
        busySinceMs = null;
        wait.for({ reason: 'own_probe', circuit: refusal.circuit, atMostMs: null });
        await this.#sleep(OPEN_POLL_MS);
      } else {
        const nowMs = clock.monotonic();
        busySinceMs = refusal.reason === 'probe_in_progress' ? (busySinceMs ?? nowMs) : null;
        const leftMs = Math.max(endAtMs, this.#endOfBusySlot(busySinceMs)) - nowMs;
        if (leftMs <= 0) throw this.#refuse(refusal);
        const { reason, retryAfterMs } = refusal;
        const atMostMs = Math.min(leftMs, reason === 'open' ? (retryAfterMs ?? leftMs) : leftMs);
        wait.for({ reason, circuit: refusal.circuit, atMostMs });
        await this.#sleepOrRefuse(Math.max(1, Math.min(this.#pollMs(refusal), leftMs)), refusal);
      }
      // Taken by another request of this operation: waiting longer would be waiting for our own slot.
      if (this.#permit !== null) return;
      const admission = await circuit.admit();
      if (admission.kind === 'admitted') {
        this.#take(admission.permit);
        return;
      }
      ({ refusal } = admission);
    }
  }

  /** Reports the refusal that ends the wait, and returns its error. */
  #refuse(refusal: Refusal): BreakwaterError {
    this.#options.onRefused(refusal);
    return refusalError(refusal);
  }

  /** Reports the verdict and releases the permit. Does nothing if no permit is held. */
  settle(verdict: Verdict, failure?: AttemptFailure): Answer<void> {
    const permit = this.#permit;
    if (permit === null) return undefined;
    this.#permit = null;
    this.#renewal?.[Symbol.dispose]();
    return this.#options.circuit.settle(permit, verdict, failure);
  }

  /** Until when to wait for a slot that others have kept busy since then, on the monotonic clock, in ms. */
  #endOfBusySlot(busySinceMs: number | null): number {
    const { circuit, deadlineAtMs, probeLeaseMs } = this.#options;
    if (busySinceMs === null || !circuit.wasAdmitted) return -Infinity;
    return Math.min(busySinceMs + 2 * probeLeaseMs, deadlineAtMs ?? Infinity);
  }

  /** Waits before the next look. If the deadline ends the wait, the refusal says more: who, why, until when. */
  async #sleepOrRefuse(delayMs: number, refusal: Refusal): Promise<void> {
    try {
      await this.#sleep(delayMs);
    } catch (error) {
      const isDeadline = error instanceof BreakwaterError && error.code === 'deadline';
      throw isDeadline ? this.#refuse(refusal) : error;
    }
  }

  /** The wait before the next look, in ms. */
  #pollMs({ circuit, reason, retryAfterMs }: Refusal): number {
    if (reason === 'open') return Math.min(retryAfterMs ?? OPEN_POLL_MS, OPEN_POLL_MS);
    const { random = () => 0.5 } = this.#options;
    return findFleetCircuit(circuit) === null ? SLOT_POLL_MS : FLEET_SLOT_POLL_MS * (0.75 + random() / 2);
  }

  /** Ends early with the command's own probe. */
  async #sleep(delayMs: number): Promise<void> {
    const { circuit, clock, stop } = this.#options;
    const { signal } = stop;
    await waitUnless((ended) => clock.sleep(delayMs, ended), { signal, end: circuit.probeEnded });
  }

  #take(permit: Permit): void {
    if (this.#hasEnded) {
      if (permit.probeToken !== null) void this.#options.circuit.settle(permit, 'neutral');
      return;
    }
    this.#permit = permit;
    if (permit.probeToken === null) return;
    const renewal = every(this.#options.clock, this.#options.probeLeaseMs / 3, async () => {
      if (!(await this.#options.circuit.renew(permit))) renewal[Symbol.dispose]();
    });
    this.#renewal = renewal;
  }
}

/** The current wait of one operation; reported again only when the reason or the circuit that refuses changes. */
class CurrentWait implements Disposable {
  readonly #waits: WaitReport;
  #current: WaitFacts | null = null;
  #reported: Disposable | null = null;

  constructor(waits: WaitReport) {
    this.#waits = waits;
  }

  for(wait: WaitFacts): void {
    if (wait.reason === this.#current?.reason && wait.circuit === this.#current.circuit) return;
    this.#reported?.[Symbol.dispose]();
    this.#current = wait;
    this.#reported = this.#waits.begin(wait);
  }

  [Symbol.dispose](): void {
    this.#reported?.[Symbol.dispose]();
  }
}
