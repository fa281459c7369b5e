import { every } from '../abort.ts';
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

/** How often a busy probe slot is checked again, in ms. */
const SLOT_POLL_MS = 250;
/** The longest wait between two checks of an open circuit, in ms: a user may close it earlier. */
const OPEN_POLL_MS = 1000;

/** The permit of one operation: acquired, renewed if it is a probe's, and settled exactly once. */
export class PermitHolder {
  readonly #options: PermitHolderOptions;
  #permit: Permit | null = null;
  #renewal: Disposable | null = null;

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
  isCurrent(): boolean {
    return this.#permit !== null && this.#options.circuit.gate.isCurrent(this.#permit);
  }

  /**
   * Takes a permit, waiting at most `waitMs` while the circuit refuses. Also returns when another call has taken one.
   * @param waitsFor wait after `any` refusal (`--wait`), or only for a `busy_slot` (a transfer that has started)
   * @throws BreakwaterError `circuit_open` when refused without a wait, or still refused after it
   */
  async acquire({ waitMs, waitsFor }: { waitMs: number; waitsFor: 'any' | 'busy_slot' }): Promise<void> {
    const { circuit, clock, signal } = this.#options;
    const endAtMs = clock.monotonic() + waitMs;
    for (;;) {
      // Taken by another request of this operation: waiting longer would be waiting for our own slot.
      if (this.#permit !== null) return;
      const admission = circuit.gate.admit(circuit.name);
      if (admission.kind === 'admitted') {
        this.#take(admission.permit);
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

  /** Reports the verdict and releases the permit. Does nothing if no permit is held. */
  settle(verdict: Verdict, failure?: AttemptFailure): void {
    const permit = this.#permit;
    if (permit === null) return;
    this.#permit = null;
    this.#renewal?.[Symbol.dispose]();
    this.#options.circuit.gate.settle(permit, verdict, failure);
  }

  #take(permit: Permit): void {
    this.#permit = permit;
    if (permit.probeToken === null) return;
    const renewal = every(this.#options.clock, this.#options.probeLeaseMs / 3, () => {
      if (!this.#options.circuit.gate.renew(permit)) renewal[Symbol.dispose]();
    });
    this.#renewal = renewal;
  }
}
