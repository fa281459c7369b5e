import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CircuitRow, CircuitSettings, Permit, ProcessIdentity, Verdict } from '../../../src/circuit/circuit.ts';
import { countShares, findShare, HOSTS_KEPT } from '../../../src/circuit/host-share.ts';
import { assertNever } from '../../../src/errors.ts';
import * as today from '../../../src/circuit/state-machine.ts';
import { identityOf } from '../../support/fake-circuits.ts';
import { MACHINE_BEFORE_FLEET as before } from '../../support/machine-before-fleet.ts';

const NAME = 's3-upload@x';
const START_MS = 1_000_000;

describe('the share of a host', () => {
  it.each([
    { threshold: 5, quorum: 1, share: 5, why: 'one host is enough' },
    { threshold: 5, quorum: 2, share: 3, why: 'half of it, rounded up' },
    { threshold: 5, quorum: 3, share: 2, why: 'two hosts give 4' },
    { threshold: 4, quorum: 3, share: 1, why: 'two hosts with 2 each would be enough' },
    { threshold: 2, quorum: 2, share: 1, why: 'one each' },
    { threshold: 1, quorum: 1, share: 1, why: 'the first failure opens' },
    { threshold: 1, quorum: 3, share: 1, why: 'never less than 1' },
    { threshold: 100, quorum: 2, share: 50, why: 'half' },
  ])('is $share of $threshold at a quorum of $quorum: $why', ({ threshold, quorum, share }) => {
    expect(findShare(threshold, quorum)).toBe(share);
  });

  it('lets no fewer hosts than the quorum reach the threshold, and always that many or a few more', () => {
    const hosts = fc.array(fc.nat(2000), { minLength: 1, maxLength: 120 });
    const settings = fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 100 }));
    fc.assert(
      fc.property(hosts, settings, (failures, [threshold, asked]) => {
        const quorum = Math.min(threshold, asked);
        const records = failures.map((count, index) => ({ host: `h${index}`, failures: count, atMs: 0 }));
        const counted = countShares(records, findShare(threshold, quorum));
        const failed = failures.filter((count) => count > 0).length;
        if (counted >= threshold) expect(failed).toBeGreaterThanOrEqual(quorum);
        if (quorum === 1) expect(counted >= threshold || counted === failures.reduce((a, b) => a + b, 0)).toBe(true);
      }),
    );
    for (let threshold = 1; threshold <= 1000; threshold += 1) {
      for (let quorum = 1; quorum <= Math.min(100, threshold); quorum += 1) {
        expect(findShare(threshold, quorum) * HOSTS_KEPT).toBeGreaterThanOrEqual(Math.min(threshold, HOSTS_KEPT));
      }
    }
  });
});

const FLEET: CircuitSettings = { failureThreshold: 5, successThreshold: 2, openForMs: 60_000, probeLeaseMs: 30_000 };

/** A fleet's row, and its hosts. */
class Fleet {
  row: CircuitRow;
  nowMs = START_MS;
  readonly #quorum: number;
  #tokens = 0;

  constructor(quorum: number) {
    this.#quorum = quorum;
    this.row = { ...today.initialRow(NAME, FLEET), hosts: [] };
  }

  #moment(host: string) {
    const fleet = { host, quorum: this.#quorum };
    return { nowMs: this.nowMs, settings: FLEET, process: identityOf(1, host), fleet };
  }

  admit(host: string) {
    const token = `token-${(this.#tokens += 1)}`;
    const step = today.admit(this.row, { ...this.#moment(host), token, isOwnerAlive: true });
    this.row = step.row;
    return step.result;
  }

  permit(host: string): Permit {
    const admission = this.admit(host);
    if (admission.kind === 'refused') throw new Error(`refused: ${admission.refusal.reason}`);
    return admission.permit;
  }

  settle(host: string, permit: Permit, verdict: Verdict): string {
    const step = today.settle(this.row, { ...this.#moment(host), permit, verdict, failure: null });
    this.row = step.row;
    return step.result;
  }

  renew(host: string, permit: Permit): boolean {
    const step = today.renew(this.row, { ...this.#moment(host), permit });
    this.row = step.row;
    return step.result;
  }

  fail(host: string, times = 1): void {
    for (let count = 0; count < times; count += 1) this.settle(host, this.permit(host), 'failure');
  }

  /** Half-open, with its slot free. */
  static halfOpen(quorum = 2): Fleet {
    const fleet = new Fleet(quorum);
    for (let turn = 0; fleet.row.state === 'closed'; turn += 1) fleet.fail(`early-${turn % quorum}`);
    expect(fleet.row.state).toBe('open');
    fleet.nowMs += FLEET.openForMs;
    fleet.settle('z', fleet.permit('z'), 'neutral');
    expect(fleet.row).toMatchObject({ state: 'half_open', hosts: [], lease: null });
    return fleet;
  }
}

describe('a fleet with a quorum of 2', () => {
  it('stays closed whatever a single host reports, and counts its failures', () => {
    const fleet = new Fleet(2);
    fleet.fail('bad', 1000);
    expect(fleet.row).toMatchObject({
      state: 'closed',
      failures: 1000,
      hosts: [{ host: 'bad', failures: 1000, atMs: START_MS }],
    });
    fleet.fail('unlucky');
    expect(fleet.row.state).toBe('closed');
    fleet.fail('unlucky');
    expect(fleet.row).toMatchObject({ state: 'open', failures: 1002 });
    // The hosts that opened it stay for display.
    expect(fleet.row.hosts).toMatchObject([
      { host: 'bad', failures: 1000 },
      { host: 'unlucky', failures: 2 },
    ]);
  });

  it('forgets the streak and its hosts with a success of any host', () => {
    const fleet = new Fleet(2);
    fleet.fail('bad', 4);
    fleet.settle('good', fleet.permit('good'), 'success');
    expect(fleet.row).toMatchObject({ failures: 0, hosts: [] });
  });

  it('bars the host whose probe failed, and lets the next host probe', () => {
    const fleet = Fleet.halfOpen();
    fleet.settle('good', fleet.permit('good'), 'success');
    const { epoch } = fleet.row;
    expect(fleet.settle('bad', fleet.permit('bad'), 'failure')).toBe('counted');
    expect(fleet.row).toMatchObject({ state: 'half_open', epoch, successes: 0, lease: null });
    fleet.nowMs += 1000;
    expect(fleet.admit('bad')).toMatchObject({ refusal: { reason: 'open', retryAfterMs: 59_000 } });
    fleet.settle('good', fleet.permit('good'), 'success');
    fleet.settle('other', fleet.permit('other'), 'success');
    expect(fleet.row).toMatchObject({ state: 'closed', hosts: [] });
  });

  it('opens again when two hosts have failed within the time open', () => {
    const fleet = Fleet.halfOpen();
    fleet.settle('a', fleet.permit('a'), 'failure');
    fleet.nowMs += FLEET.openForMs - 1;
    fleet.settle('b', fleet.permit('b'), 'failure');
    expect(fleet.row).toMatchObject({ state: 'open', openedAtMs: fleet.nowMs });
  });

  it('does not count a probe that failed longer ago, nor one host twice', () => {
    const fleet = Fleet.halfOpen();
    for (const host of ['a', 'a', 'b', 'b']) {
      fleet.settle(host, fleet.permit(host), 'failure');
      fleet.nowMs += FLEET.openForMs;
    }
    expect(fleet.row.state).toBe('half_open');
  });

  it('bars the host whose lease ran out, without counting it as failed', () => {
    const fleet = Fleet.halfOpen();
    const lost = fleet.permit('hanging');
    fleet.nowMs += FLEET.probeLeaseMs + 10;
    expect(fleet.settle('hanging', lost, 'failure')).toBe('stale');
    expect(fleet.admit('hanging')).toMatchObject({ refusal: { reason: 'open', retryAfterMs: 59_990 } });
    const probe = fleet.permit('a');
    expect(fleet.row.hosts).toMatchObject([{ host: 'hanging', failures: 0 }]);
    fleet.settle('a', probe, 'failure');
    expect(fleet.row.state).toBe('half_open');
    fleet.nowMs += FLEET.openForMs;
    expect(fleet.admit('hanging').kind).toBe('admitted');
  });

  it('corrects the time of a bar that is in the future', () => {
    const fleet = Fleet.halfOpen();
    fleet.settle('a', fleet.permit('a'), 'failure');
    fleet.nowMs -= 3_600_000;
    expect(fleet.admit('a')).toMatchObject({ refusal: { reason: 'open', retryAfterMs: FLEET.openForMs } });
    expect(fleet.row.hosts).toMatchObject([{ host: 'a', atMs: fleet.nowMs }]);
    const past = { host: 'z', failures: 0, atMs: fleet.nowMs - 10_000 };
    fleet.row = { ...fleet.row, hosts: [past, { host: 'a', failures: 1, atMs: fleet.nowMs + 10_000 }] };
    expect(fleet.admit('z')).toMatchObject({ refusal: { reason: 'open', retryAfterMs: FLEET.openForMs - 10_000 } });
    expect(fleet.row.hosts).toEqual([past, { host: 'a', failures: 1, atMs: fleet.nowMs }]);
  });

  it('renews a lease for no longer than the time open in all', () => {
    const fleet = Fleet.halfOpen();
    const permit = fleet.permit('a');
    const takenAtMs = fleet.nowMs;
    for (let renewals = 0; renewals < 5; renewals += 1) {
      fleet.nowMs += 10_000;
      expect(fleet.renew('a', permit)).toBe(true);
    }
    expect(fleet.row.lease?.expiresAtMs).toBe(takenAtMs + FLEET.openForMs);
    fleet.nowMs += 10_000;
    expect(fleet.renew('a', permit)).toBe(false);
    expect(fleet.admit('b').kind).toBe('admitted');
  });

  it('never shortens a lease by renewing it', () => {
    const fleet = Fleet.halfOpen();
    const permit = fleet.permit('a');
    const lease = fleet.row.lease!;
    fleet.row = { ...fleet.row, openForMs: 1000 };
    fleet.nowMs += 10_000;
    expect([fleet.renew('a', permit), fleet.row.lease]).toEqual([true, lease]);
  });

  it('leaves the row as it is where a renewal changes nothing', () => {
    const fleet = Fleet.halfOpen();
    const permit = fleet.permit('a');
    const { row } = fleet;
    expect([fleet.renew('a', permit), fleet.row === row]).toEqual([true, true]);
  });

  it('bounds no renewal of a lease that was taken without a fleet', () => {
    const fleet = Fleet.halfOpen();
    const permit = fleet.permit('a');
    const { takenAtMs: _takenAtMs, ...lease } = fleet.row.lease!;
    fleet.row = { ...fleet.row, openForMs: 1000, lease };
    fleet.nowMs += 10_000;
    expect(fleet.renew('a', permit)).toBe(true);
    expect(fleet.row.lease?.expiresAtMs).toBe(fleet.nowMs + FLEET.probeLeaseMs);
  });

  it('counts the hosts that failed within the time open of the row, whatever the settings say', () => {
    const fleet = Fleet.halfOpen();
    fleet.settle('a', fleet.permit('a'), 'failure');
    fleet.row = { ...fleet.row, openForMs: 2 * FLEET.openForMs };
    fleet.nowMs += FLEET.openForMs + 1;
    fleet.settle('b', fleet.permit('b'), 'failure');
    expect(fleet.row.state).toBe('open');
  });

  it('takes the time of the settings where a row has no time open, and bars nobody without one', () => {
    const fleet = Fleet.halfOpen();
    const { hosts: _hosts, ...bare } = fleet.row;
    fleet.row = { ...bare, openForMs: null };
    const first = fleet.permit('a');
    const takenAtMs = fleet.nowMs;
    for (let renewals = 0; renewals < 5; renewals += 1) {
      fleet.nowMs += 10_000;
      fleet.renew('a', first);
    }
    expect(fleet.row.lease?.expiresAtMs).toBe(takenAtMs + FLEET.openForMs);
    fleet.settle('a', first, 'failure');
    expect(fleet.row).toMatchObject({ state: 'half_open', hosts: [{ host: 'a', failures: 1 }] });
    expect(fleet.admit('a').kind).toBe('admitted');
  });

  it('keeps a bounded number of hosts, the newest', () => {
    const fleet = new Fleet(2);
    const hosts = Array.from({ length: HOSTS_KEPT + 10 }, (_, index) => ({ host: `h${index}`, failures: 1, atMs: 1 }));
    fleet.row = { ...fleet.row, hosts: hosts.slice(0, HOSTS_KEPT), failures: 1 };
    const step = today.settle(fleet.row, {
      nowMs: START_MS,
      settings: { ...FLEET, failureThreshold: 10_000 },
      process: identityOf(1),
      fleet: { host: 'new', quorum: 2 },
      permit: fleet.permit('new'),
      verdict: 'failure',
      failure: null,
    });
    expect(step.row.hosts).toHaveLength(HOSTS_KEPT);
    expect(step.row.hosts?.at(-1)).toEqual({ host: 'new', failures: 1, atMs: START_MS });
  });
});

/* A quorum of 1 is the machine of one host: each step does to both what it does to one. */

const HOSTS = ['a', 'b'] as const;

type Action =
  | { readonly kind: 'admit'; readonly host: number; readonly isOwnerAlive: boolean }
  | { readonly kind: 'settle'; readonly host: number; readonly permit: number; readonly verdict: Verdict }
  | { readonly kind: 'renew'; readonly permit: number }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'isolate'; readonly forMs: number | null };

interface Twin {
  readonly settings: CircuitSettings;
  readonly nowMs: number;
  readonly old: CircuitRow;
  readonly local: CircuitRow;
  readonly fleet: CircuitRow;
  readonly permits: readonly Permit[];
  readonly tokens: number;
}

function startTwin(settings: CircuitSettings): Twin {
  const row = before.initialRow(NAME, settings);
  return { settings, nowMs: START_MS, old: row, local: row, fleet: { ...row, hosts: [] }, permits: [], tokens: 0 };
}

/** Without what only a fleet's row has. */
function plain({ hosts: _hosts, lease, ...row }: CircuitRow): unknown {
  const { takenAtMs: _takenAtMs, ...rest } = lease ?? {};
  return { ...row, lease: lease === null ? null : rest };
}

interface Steps {
  readonly admit: typeof today.admit;
  readonly settle: typeof today.settle;
  readonly renew: typeof today.renew;
  readonly reset: typeof today.reset;
  readonly isolate: typeof today.isolate;
}

function perform(
  { admit, settle, renew, reset, isolate }: Steps,
  { row, twin, fleet }: { row: CircuitRow; twin: Twin; fleet: { host: string; quorum: number } | undefined },
  { action, process }: { action: Action; process: ProcessIdentity },
) {
  const { nowMs, settings } = twin;
  const moment = { nowMs, settings, process, fleet };
  const manual = { by: 'ops', atMs: nowMs, reason: null, untilMs: null };
  const permit = 'permit' in action ? twin.permits[action.permit] : undefined;
  switch (action.kind) {
    case 'admit': {
      // A fleet's leases end by expiry alone.
      const isOwnerAlive = fleet !== undefined || action.isOwnerAlive;
      return admit(row, { ...moment, token: `t${twin.tokens}`, isOwnerAlive });
    }
    case 'settle':
      if (permit === undefined) return null;
      return settle(row, { ...moment, permit, verdict: action.verdict, failure: null });
    case 'renew':
      return permit === undefined ? null : renew(row, { permit, nowMs, settings });
    case 'reset':
      return reset(row, { ...moment, manual });
    case 'isolate': {
      const untilMs = action.forMs === null ? null : nowMs + action.forMs;
      return isolate(row, { ...moment, manual: { ...manual, untilMs } });
    }
    case 'clock':
      return null;
    default:
      return assertNever(action);
  }
}

/** Does one step on all machines. @throws where one of them does something else */
function advance(twin: Twin, action: Action): Twin {
  if (action.kind === 'clock') return { ...twin, nowMs: Math.max(1, twin.nowMs + action.byMs) };
  const host = HOSTS[('host' in action ? action.host : 0) % HOSTS.length]!;
  const by = { action, process: identityOf(1, host) };
  const isBounded = action.kind === 'renew' && twin.nowMs + twin.settings.probeLeaseMs > endOfRenewals(twin);
  if (isBounded) return twin;
  const old = perform(before, { row: twin.old, twin, fleet: undefined }, by);
  const local = perform(today, { row: twin.local, twin, fleet: undefined }, by);
  const fleet = perform(today, { row: twin.fleet, twin, fleet: { host, quorum: 1 } }, by);
  if (old === null || local === null || fleet === null) return twin;
  expect([local.row, local.result, local.transitions]).toEqual([old.row, old.result, old.transitions]);
  expect([plain(fleet.row), fleet.result, fleet.transitions]).toEqual([plain(old.row), old.result, old.transitions]);
  const result: unknown = old.result;
  const admitted = action.kind === 'admit' && isAdmission(result) ? [result.permit] : [];
  const permits = [...twin.permits, ...admitted].slice(-3);
  return { ...twin, old: old.row, local: local.row, fleet: fleet.row, permits, tokens: twin.tokens + admitted.length };
}

function isAdmission(result: unknown): result is { permit: Permit } {
  return typeof result === 'object' && result !== null && 'permit' in result;
}

/** A fleet's lease is renewed for a bounded time: the one difference that a quorum of 1 has, too. */
function endOfRenewals({ fleet, nowMs }: Twin): number {
  return Math.min(fleet.lease?.takenAtMs ?? Infinity, nowMs) + (fleet.openForMs ?? 0);
}

const VERDICTS = ['success', 'failure', 'neutral'] as const;

describe('a quorum of 1', () => {
  it('is the machine of one host over random runs', () => {
    const action: fc.Arbitrary<Action> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('admit' as const), host: fc.nat(1), isOwnerAlive: fc.constant(true) }),
      },
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('settle' as const),
          host: fc.nat(1),
          permit: fc.nat(2),
          verdict: fc.constantFrom(...VERDICTS),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('renew' as const), permit: fc.nat(2) }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('clock' as const),
          byMs: fc.oneof(fc.constantFrom(1, 1000, 30_000, 60_000), fc.integer({ min: -100_000, max: 100_000 })),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('isolate' as const), forMs: fc.constantFrom(1, 1000, null) }),
      },
    );
    const settings = fc.record({
      failureThreshold: fc.integer({ min: 1, max: 4 }),
      successThreshold: fc.integer({ min: 1, max: 3 }),
      openForMs: fc.constantFrom(1, 1000, 60_000),
      probeLeaseMs: fc.constantFrom(1, 1000, 30_000),
    });
    const reached = new Set<string>();
    fc.assert(
      fc.property(settings, fc.array(action, { minLength: 40, maxLength: 80, size: 'max' }), (own, actions) => {
        let twin = startTwin(own);
        for (const each of actions) {
          twin = advance(twin, each);
          reached.add(twin.fleet.state);
        }
      }),
      { numRuns: 300 },
    );
    expect([...reached].toSorted()).toEqual(['closed', 'half_open', 'isolated', 'open']);
  });

  it('is the machine of one host in every state within bounds', () => {
    const own = { failureThreshold: 2, successThreshold: 2, openForMs: 4, probeLeaseMs: 2 };
    const actions: readonly Action[] = [
      ...HOSTS.map((_, host) => ({ kind: 'admit' as const, host, isOwnerAlive: true })),
      ...VERDICTS.flatMap((verdict) =>
        [0, 1].flatMap((permit) => HOSTS.map((_, host) => ({ kind: 'settle' as const, host, permit, verdict }))),
      ),
      { kind: 'renew', permit: 1 },
      ...[1, 4, -3].map((byMs) => ({ kind: 'clock' as const, byMs })),
      { kind: 'reset' },
      { kind: 'isolate', forMs: 2 },
    ];
    const known = new Set<string>();
    let wave: readonly Twin[] = [startTwin(own)];
    for (let depth = 0; depth < 12; depth += 1) {
      const next: Twin[] = [];
      for (const twin of wave) {
        for (const action of actions) {
          const after = advance({ ...twin, permits: twin.permits.slice(-2) }, action);
          const key = keyOf(after);
          if (known.has(key)) continue;
          known.add(key);
          next.push(after);
        }
      }
      wave = next;
      if (known.size > 5000) break;
    }
    expect(known.size).toBeGreaterThan(5000);
  });
});

/** States that differ in the names of tokens and epochs alone are one. */
function keyOf({ fleet, nowMs, permits }: Twin): string {
  const { state, failures, successes, openedAtMs, lease, hosts, manual, epoch } = fleet;
  const rest = [openedAtMs, lease?.expiresAtMs, lease?.takenAtMs, manual?.atMs].map((at) => at && at - nowMs);
  const bars = hosts?.map(({ host, failures: count, atMs }) => [host, count, atMs - nowMs]);
  const held = permits.map((permit) => [
    epoch - permit.epoch,
    permit.probeToken === lease?.token,
    permit.probeToken === null,
  ]);
  return JSON.stringify([state, failures, successes, rest, lease?.owner.host, bars, held]);
}
