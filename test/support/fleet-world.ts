import { expect } from 'vitest';
import type { Admission, CircuitRow, CircuitSettings, Permit, Verdict } from '../../src/circuit/circuit.ts';
import { createFleetGate, type FleetGate } from '../../src/circuit/fleet-gate.ts';
import { countShares, findShare } from '../../src/circuit/host-share.ts';
import { assertNever } from '../../src/errors.ts';
import { createFleetStore } from '../../src/fleet/fleet-store.ts';
import { parseRow, rowKey } from '../../src/fleet/stored-row.ts';
import { identityOf } from './fake-circuits.ts';
import { MemoryEngine } from './memory-engine.ts';

export const CIRCUIT = 's3-upload@fleet';
const EVERY_SCOPE = 's3-upload';
const HAND = { by: 'model', reason: null };
const FAILURE = { code: 'Model', message: '', httpStatus: 500, requestId: null };

/** What happens to a fleet; `host` is one of three, `permit` one of its own, 0 the newest. */
export type FleetAction =
  | { readonly kind: 'command' | 'look' | 'crash'; readonly host: number }
  | { readonly kind: 'settle'; readonly host: number; readonly permit: number; readonly verdict: Verdict }
  | { readonly kind: 'renew' | 'attempt'; readonly host: number; readonly permit: number }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'reset'; readonly isEveryScope: boolean }
  | { readonly kind: 'isolate'; readonly isEveryScope: boolean; readonly forMs: number | null }
  | { readonly kind: 'flush' | 'fail_over' }
  /** Whoever writes next loses the comparison to this. */
  | { readonly kind: 'overtake'; readonly act: Exclude<FleetAction, { readonly kind: 'overtake' }> };

interface Host {
  readonly name: string;
  readonly gate: FleetGate;
  permits: Permit[];
}

/** Three hosts over one engine. Every write that the engine takes is checked, and every answer of a gate. */
export class FleetWorld {
  readonly engine = new MemoryEngine(1_000_000);
  readonly seen = new Set<string>();
  readonly #settings: CircuitSettings;
  readonly #quorum: number;
  #hosts: Host[];
  #monotonicMs = 0;
  #tokens = 0;
  #checked = 0;
  /** The highest epoch that was ever given out: after a loss, none of them may come again. */
  #lostEpoch = -1;
  #highestEpoch = 0;
  /** The clock does not go back to before anything that was lost. */
  #clockFloor = -1;
  #losses = 0;

  constructor(settings: CircuitSettings, quorum: number) {
    this.#settings = settings;
    this.#quorum = quorum;
    this.#hosts = ['a', 'b', 'c'].map((name) => this.#spawn(name));
  }

  get row(): CircuitRow | undefined {
    return this.#parse(this.engine.value(rowKey(CIRCUIT)));
  }

  /** A short form of everything that decides what comes next. */
  key(): string {
    const { row, engine } = this;
    const bare = this.#parse(engine.value(rowKey(EVERY_SCOPE)), EVERY_SCOPE);
    const ago = (atMs: number | null | undefined): number | null =>
      typeof atMs === 'number' ? atMs - engine.nowMs : null;
    const short = (of: CircuitRow | undefined) =>
      of && [
        of.state,
        of.failures,
        of.successes,
        ago(of.openedAtMs),
        ago(of.lease?.expiresAtMs),
        of.lease?.owner.host,
        ago(of.manual?.untilMs),
        of.hosts?.map(({ host, failures, atMs }) => [host, failures, ago(atMs)]),
      ];
    const permits = this.#hosts.map((host) =>
      host.permits.map(({ epoch, probeToken }) => [
        epoch === row?.epoch,
        probeToken && probeToken === row?.lease?.token,
      ]),
    );
    return JSON.stringify([short(row), short(bare), permits]);
  }

  async act(action: FleetAction): Promise<void> {
    if (action.kind === 'overtake') {
      this.engine.overtake = async () => {
        await this.act(action.act);
      };
      return;
    }
    // No reading of an earlier action answers for a later one: that is a promise of seconds, not of steps.
    this.#monotonicMs += 2000;
    await this.#perform(action);
    for (const { key, before, after } of this.engine.replaced.slice(this.#checked)) {
      if (key === rowKey(CIRCUIT)) this.#checkWrite(this.#parse(before), this.#parse(after));
    }
    this.#checked = this.engine.replaced.length;
    this.#checkPermits();
  }

  async #perform(action: Exclude<FleetAction, { readonly kind: 'overtake' }>): Promise<void> {
    const host = this.#hosts['host' in action ? action.host : 0]!;
    const permit = 'permit' in action ? host.permits.at(-1 - action.permit) : undefined;
    switch (action.kind) {
      case 'command': {
        const losses = this.#losses;
        if ((await host.gate.check(CIRCUIT)) !== null) return;
        const admission = await host.gate.admit(CIRCUIT);
        if (admission === null) throw new Error('the fleet could not be asked');
        this.#checkAdmission(admission, host);
        // Without a record there is no epoch that any result could count in.
        if (admission.kind === 'admitted' && this.#losses === losses) expect(this.row).toBeDefined();
        return;
      }
      case 'look': {
        const before = this.row;
        // Unless another host comes in between.
        const isAlone = this.engine.overtake === null;
        const refusal = await host.gate.check(CIRCUIT);
        if (refusal === null && isAlone) expect(this.row).toEqual(before);
        return;
      }
      case 'settle': {
        if (permit === undefined) return;
        host.permits = host.permits.filter((other) => other !== permit);
        const before = this.engine.replaced.length;
        await host.gate.settle(permit, action.verdict, FAILURE);
        const isLost = permit.epoch <= this.#lostEpoch;
        // Another host that came in between is checked as what it is.
        if (isLost && this.engine.replaced.length > before) this.#checkForeign(before);
        return;
      }
      case 'renew':
        if (permit !== undefined) await host.gate.renew(permit);
        return;
      case 'attempt':
        if (permit !== undefined) await host.gate.isCurrent(permit);
        return;
      case 'crash':
        this.#hosts = this.#hosts.map((other) => (other === host ? this.#spawn(host.name) : other));
        return;
      case 'clock':
        // It goes back with a failover to a machine whose clock is behind, but not to before rows that were lost: nothing
        // that is left could tell.
        this.engine.nowMs = Math.max(this.#clockFloor + 1, this.engine.nowMs + action.byMs, 1);
        return;
      case 'reset':
        await host.gate.reset(action.isEveryScope ? EVERY_SCOPE : CIRCUIT, HAND);
        return;
      case 'isolate':
        await host.gate.isolate(action.isEveryScope ? EVERY_SCOPE : CIRCUIT, { ...HAND, forMs: action.forMs });
        return;
      case 'flush':
        this.engine.nowMs = Math.max(this.engine.nowMs, this.#highestEpoch) + 1;
        this.#lostEpoch = this.#highestEpoch;
        this.#clockFloor = this.#highestEpoch;
        this.#losses += 1;
        this.engine.flush();
        return;
      case 'fail_over':
        this.engine.nowMs = Math.max(this.engine.nowMs, this.#highestEpoch) + 1;
        this.#clockFloor = this.#highestEpoch;
        this.#losses += 1;
        this.engine.failOver();
        return;
      default:
        assertNever(action);
    }
  }

  /** Every write is a step of the rules, whoever came before it. */
  #checkWrite(before: CircuitRow | undefined, after: CircuitRow | undefined): void {
    expect(after).toBeDefined();
    if (after === undefined) return;
    this.seen.add(`${before?.state ?? 'none'}>${after.state}`);
    this.#highestEpoch = Math.max(this.#highestEpoch, after.epoch);
    if (before === undefined) {
      expect(after.epoch).toBeGreaterThan(this.#lostEpoch);
      return;
    }
    expect(after.epoch).toBeGreaterThanOrEqual(before.epoch);
    if (after.state !== before.state) expect(after.epoch).toBeGreaterThan(before.epoch);
    const { failureThreshold, successThreshold, openForMs } = this.#settings;
    const isByHand = after.manual !== null && after.manual !== before.manual;
    // The engine's time at the reading: its clock may have gone on before the write.
    const nowMs = after.lease?.takenAtMs ?? after.changedAtMs ?? 0;
    if (before.state === 'closed' && after.state === 'open') {
      const share = findShare(failureThreshold, this.#quorum);
      expect(countShares(after.hosts ?? [], share)).toBeGreaterThanOrEqual(failureThreshold);
      expect(after.hosts?.length).toBeGreaterThanOrEqual(this.#quorum);
    }
    if (before.state === 'half_open' && after.state === 'open') {
      const recent = after.hosts?.filter(({ failures, atMs }) => failures > 0 && atMs > nowMs - openForMs);
      expect(recent?.length).toBeGreaterThanOrEqual(this.#quorum);
    }
    if (before.state === 'half_open' && after.state === 'closed' && !isByHand)
      expect(before.successes + 1).toBeGreaterThanOrEqual(successThreshold);
    if (before.state === 'open' && after.state === 'closed') expect(isByHand).toBe(true);
    const { lease } = before;
    const isTaken = after.lease !== null && after.lease.token !== lease?.token;
    if (isTaken && lease !== null) expect(lease.expiresAtMs).toBeLessThanOrEqual(nowMs);
    if (after.lease !== null && !isTaken) {
      const mostMs = Math.max(openForMs, this.#settings.probeLeaseMs);
      expect(after.lease.expiresAtMs).toBeLessThanOrEqual((after.lease.takenAtMs ?? 0) + mostMs);
    }
    if (before.state === 'closed' && after.state === 'closed' && after.epoch === before.epoch)
      expect([0, before.failures + 1]).toContain(after.failures);
  }

  /** A write after a permit that was lost settled: by somebody else alone, for it counts no more. */
  #checkForeign(since: number): void {
    for (const { key, before, after } of this.engine.replaced.slice(since)) {
      if (key !== rowKey(CIRCUIT)) continue;
      const [one, other] = [this.#parse(before), this.#parse(after)];
      if (one !== undefined && other !== undefined && one.epoch === other.epoch && other.lease === null)
        expect(one.failures).toBe(other.failures);
    }
  }

  #checkAdmission(admission: Admission, host: Host): void {
    const { row } = this;
    if (admission.kind === 'refused') {
      const { retryAfterMs, reason } = admission.refusal;
      const { openForMs, probeLeaseMs } = this.#settings;
      if (reason === 'open') expect(retryAfterMs).toBeLessThanOrEqual(openForMs);
      if (reason === 'probe_in_progress') expect(retryAfterMs).toBeLessThanOrEqual(probeLeaseMs);
      return;
    }
    const { permit } = admission;
    host.permits.push(permit);
    if (permit.probeToken === null || row?.lease?.token !== permit.probeToken) return;
    expect(row.lease.owner.host).toBe(host.name);
    const bar = row.hosts?.find(({ host: barred }) => barred === host.name);
    if (this.#quorum > 1 && bar !== undefined)
      expect(bar.atMs + (row.openForMs ?? 0)).toBeLessThanOrEqual(row.lease.takenAtMs ?? 0);
  }

  /** Of all permits, at most one probe counts. */
  #checkPermits(): void {
    const { row } = this;
    if (row?.state !== 'half_open') return;
    const fresh = this.#hosts.flatMap(({ permits }) =>
      permits.filter(
        ({ epoch, probeToken }) => epoch === row.epoch && probeToken !== null && probeToken === row.lease?.token,
      ),
    );
    expect(fresh.length).toBeLessThanOrEqual(1);
  }

  #spawn(name: string): Host {
    const store = createFleetStore({
      ask: async (work) => await work(this.engine, new AbortController().signal),
      clock: { sleep: async () => await Promise.resolve() },
      random: () => 0.5,
    });
    const gate = createFleetGate({
      store,
      settings: this.#settings,
      member: { host: name, quorum: this.#quorum },
      clock: { now: () => this.engine.nowMs, monotonic: () => this.#monotonicMs },
      process: identityOf(1, name),
      newToken: () => `token-${(this.#tokens += 1)}`,
      emit: () => undefined,
      onFailure: (operation, code) => {
        throw new Error(`${operation}: ${code}`);
      },
    });
    return { name, gate, permits: [] };
  }

  #parse(text: string | null, name = CIRCUIT): CircuitRow | undefined {
    return text === null ? undefined : parseRow(text, name);
  }
}
