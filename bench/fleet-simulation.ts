import { admit, initialRow, isCurrent, settle } from '../src/circuit/state-machine.ts';
import {
  DEFAULT_CIRCUIT_SETTINGS as SETTINGS,
  type CircuitRow,
  type Permit,
  type Verdict,
} from '../src/circuit/circuit.ts';
import type { FleetMember } from '../src/circuit/host-share.ts';

/** What a fleet of hosts goes through. Times in s. */
export interface Scenario {
  readonly name: string;
  readonly hosts: number;
  /** Mean time between two calls of a host. */
  readonly everyS: (host: number) => number;
  readonly lengthS: number;
  /** How likely a request of a host fails at a time. */
  readonly failureRate: (host: number, atS: number) => number;
}

export interface Simulated {
  /** Requests that reached S3 and failed. */
  readonly failed: number;
  /** Calls that were refused although their first request would have succeeded. */
  readonly wronglyRefused: number;
  readonly calls: number;
}

/** Attempts of one call, in s after it began: a request of 0.2 s, and waits of 1, 2 and 4 s. */
const ATTEMPTS_S = [0, 1.2, 3.4, 7.6] as const;
const REQUEST_S = 0.2;
const CIRCUIT = 's3-upload@simulated';

/** One row with the shipped machine; of one host, or of a fleet. */
class Gate {
  #row: CircuitRow = initialRow(CIRCUIT, SETTINGS);
  #tokens = 0;

  constructor(isFleet: boolean) {
    if (isFleet) this.#row = { ...this.#row, epoch: 1, hosts: [] };
  }

  /** A permit, or null for a refusal. A look takes no slot. */
  ask(how: 'look' | 'admit', nowMs: number, { host, fleet }: Caller): Permit | null {
    const token = `${(this.#tokens += 1)}`;
    const moment = { nowMs, settings: SETTINGS, process: processOf(host), fleet };
    const { row, result } = admit(this.#row, { ...moment, token, isOwnerAlive: true });
    if (how === 'admit' || result.kind === 'refused') this.#row = row;
    return result.kind === 'admitted' ? result.permit : null;
  }

  isCurrent(permit: Permit, nowMs: number): boolean {
    return isCurrent(this.#row, { permit, nowMs });
  }

  settle(permit: Permit, verdict: Verdict, { nowMs, host, fleet }: Caller & { readonly nowMs: number }): void {
    const moment = { nowMs, settings: SETTINGS, process: processOf(host), fleet };
    this.#row = settle(this.#row, { ...moment, permit, verdict, failure: null }).row;
  }
}

interface Caller {
  readonly host: string;
  readonly fleet: FleetMember | undefined;
}

/** Runs a scenario in virtual time. @param quorum null for circuits of single hosts alone */
export function simulate(scenario: Scenario, quorum: number | null, seed: number): Simulated {
  const random = createRandom(seed);
  const queue = new Queue();
  const fleet = quorum === null ? null : new Gate(true);
  const locals = Array.from({ length: scenario.hosts }, () => new Gate(false));
  const counts = { failed: 0, wronglyRefused: 0, calls: 0 };
  const isFailing = (host: number): boolean => random() < scenario.failureRate(host, queue.nowS);

  const call = (host: number): void => {
    queue.add(-Math.log(1 - random()) * scenario.everyS(host), () => call(host));
    counts.calls += 1;
    const local = locals[host];
    if (local === undefined) return;
    const name = `host-${host}`;
    const here: Caller = { host: name, fleet: undefined };
    const there: Caller = { host: name, fleet: quorum === null ? undefined : { host: name, quorum } };
    const firstFails = isFailing(host);
    const refuse = (): void => void (counts.wronglyRefused += firstFails ? 0 : 1);
    const nowMs = queue.nowS * 1000;
    if (local.ask('look', nowMs, here) === null) return refuse();
    if (fleet !== null && fleet.ask('look', nowMs, there) === null) return refuse();
    const own = local.ask('admit', nowMs, here);
    if (own === null) return refuse();
    const shared = fleet?.ask('admit', nowMs, there) ?? null;
    if (fleet !== null && shared === null) {
      local.settle(own, 'neutral', { ...here, nowMs });
      return refuse();
    }
    const settleBoth = (verdict: Verdict): void => {
      const at = { nowMs: queue.nowS * 1000 };
      local.settle(own, verdict, { ...here, ...at });
      if (fleet !== null && shared !== null) fleet.settle(shared, verdict, { ...there, ...at });
    };
    const attempt = (number: number, fails: boolean): void => {
      if (fails) counts.failed += 1;
      queue.add(REQUEST_S, () => {
        if (!fails) return settleBoth('success');
        const next = ATTEMPTS_S[number + 1];
        if (next === undefined) return settleBoth('failure');
        queue.add(next - (ATTEMPTS_S[number] ?? 0) - REQUEST_S, () => {
          const at = queue.nowS * 1000;
          const goesOn = local.isCurrent(own, at) && (fleet === null || shared === null || fleet.isCurrent(shared, at));
          // As a chain that stops early: the last failure is the verdict, and stale where the circuit has changed.
          if (goesOn) attempt(number + 1, isFailing(host));
          else settleBoth('failure');
        });
      });
    };
    attempt(0, firstFails);
  };

  for (let host = 0; host < scenario.hosts; host += 1) queue.add(random() * scenario.everyS(host), () => call(host));
  queue.runUntil(scenario.lengthS);
  return counts;
}

/** Events in the order of their time. */
class Queue {
  nowS = 0;
  readonly #heap: { readonly atS: number; readonly run: () => void }[] = [];

  add(inS: number, run: () => void): void {
    const event = { atS: this.nowS + inS, run };
    let low = 0;
    let high = this.#heap.length;
    // Latest first, so that the next is taken from the end.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#heap[middle]?.atS ?? 0) > event.atS) low = middle + 1;
      else high = middle;
    }
    this.#heap.splice(low, 0, event);
  }

  runUntil(endS: number): void {
    for (;;) {
      const event = this.#heap.pop();
      if (event === undefined || event.atS > endS) return;
      this.nowS = event.atS;
      event.run();
    }
  }
}

function processOf(host: string) {
  return { pid: 1, startTime: null, bootId: null, pidNamespace: null, host, command: 'put' };
}

/** Marsaglia's xorshift, 32 bits. */
function createRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
