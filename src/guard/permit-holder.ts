import { refusalError } from '../circuit/refusal-error.ts';
import type { AttemptFailure, Permit, Refusal, Verdict } from '../circuit/circuit.ts';
import type { GuardCircuit } from './guard.ts';
import type { Clock } from '../clock.ts';

export interface PermitHolderOptions {
  readonly circuit: GuardCircuit;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A probe's lease, in ms; renewed every third of it while held. */
  readonly probeLeaseMs: number;
  readonly onRefused: (refusal: Refusal) => void;
}

/** How often a busy probe slot is looked at again, in ms: its owner may return it at any time. */
const SLOT_POLL_MS = 250;
/** How often an open circuit is looked at again at least, in ms: a hand may close it before its wait is over. */
const OPEN_POLL_MS = 1000;

/** The permit of one operation: taken, renewed while it is a probe's, and settled exactly once. */
export class PermitHolder {
  readonly #options: PermitHolderOptions;
  #permit: Permit | null = null;
  #renewal = new AbortController();

  constructor(options: PermitHolderOptions) {
    this.#options = options;
  }

  get isHeld(): boolean {
    return this.#permit !== null;
  }

  get isProbe(): boolean {
    return this.#permit !== null && this.#permit.probeToken !== null;
  }

  /** False once others have moved the circuit: what is held would settle as stale. */
  isCurrent(): boolean {
    return this.#permit !== null && this.#options.circuit.gate.isCurrent(this.#permit);
  }

  /**
   * Takes a permit, waiting at most `waitMs` where the circuit refuses; one that is held meanwhile will do.
   * @param waitsFor `any` refusal (`--wait`), or only for a `busy_slot` (inside a transfer that has begun)
   * @throws BreakwaterError `circuit_open` when refused and not, or no longer, to be waited for
   */
  async acquire({ waitMs, waitsFor }: { waitMs: number; waitsFor: 'any' | 'busy_slot' }): Promise<void> {
    const { circuit, clock, signal } = this.#options;
    const endAtMs = clock.monotonic() + waitMs;
    for (;;) {
      // Another request of this operation was quicker: waiting on would be for its own slot.
      if (this.#permit !== null) return;
      const admission = circuit.gate.admit(circuit.name);
      if (admission.kind === 'admitted') {
        this.#hold(admission.permit);
        return;
      }
      const { refusal } = admission;
      const leftMs = endAtMs - clock.monotonic();
      const isWorthWaiting = waitsFor === 'any' || refusal.reason === 'probe_in_progress';
      if (!isWorthWaiting || leftMs <= 0) {
        this.#options.onRefused(refusal);
        throw refusalError(refusal);
      }
      const retryMs = refusal.reason === 'open' ? Math.min(refusal.retryAfterMs ?? leftMs, OPEN_POLL_MS) : SLOT_POLL_MS;
      await clock.sleep(Math.max(1, Math.min(retryMs, leftMs)), signal);
    }
  }

  /** Reports the verdict and lets go; without a held permit it does nothing: one verdict per permit. */
  settle(verdict: Verdict, failure?: AttemptFailure): void {
    const permit = this.#permit;
    if (permit === null) return;
    this.#permit = null;
    this.#renewal.abort('settled');
    this.#options.circuit.gate.settle(permit, verdict, failure);
  }

  #hold(permit: Permit): void {
    this.#permit = permit;
    if (permit.probeToken === null) return;
    this.#renewal = new AbortController();
    void this.#renew(permit, this.#renewal.signal);
  }

  async #renew(permit: Permit, stopped: AbortSignal): Promise<void> {
    const {
      circuit: { gate },
      clock,
      probeLeaseMs,
    } = this.#options;
    for (;;) {
      await clock.sleep(probeLeaseMs / 3, stopped).catch(() => undefined);
      if (stopped.aborted || !gate.renew(permit)) return;
    }
  }
}
