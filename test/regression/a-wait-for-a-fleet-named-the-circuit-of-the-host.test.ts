/**
 * Met: `put --wait 2m`, refused by the fleet's circuit, said "waiting: circuit s3-upload@eu-west-1 is open", a circuit that
 *   was closed; in JSON, too. When the other circuit refused next, nothing was said.
 * Cause: the report took its name from the command's circuit, not from the refusal, and one notice stood for each reason.
 * Fix: it names the circuit that refuses, again when that changes (src/guard/permit-holder.ts, src/guard/wait-report.ts).
 */
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../src/circuit/circuit.ts';
import type { Event } from '../../src/events.ts';
import type { GuardedCircuit } from '../../src/guard/guarded-circuit.ts';
import { PermitHolder } from '../../src/guard/permit-holder.ts';
import { WaitReport } from '../../src/guard/wait-report.ts';
import { CIRCUIT, refusalOf } from '../support/fake-circuits.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const IN_FLEET = `fleet/${CIRCUIT}`;

/** Operations that wait for circuits which refuse in turn, and then admit. */
function prepare(refusals: readonly (readonly Refusal[])[], { isProbing = false } = {}) {
  const clock = new VirtualClock();
  const events: Event[] = [];
  const waits = new WaitReport({ clock, emit: (event) => events.push(event) });
  const never = new AbortController().signal;
  const acquire = async (own: readonly Refusal[]): Promise<void> => {
    const left = [...own];
    const circuit: GuardedCircuit = {
      name: CIRCUIT,
      wasAdmitted: true,
      isProbing,
      probeEnded: never,
      opened: never,
      check: () => null,
      admit: () => {
        const refusal = left.shift();
        return refusal === undefined
          ? { kind: 'admitted', permit: { circuit: CIRCUIT, epoch: 1, probeToken: null } }
          : { kind: 'refused', refusal };
      },
      settle: () => undefined,
      isCurrent: () => true,
      renew: () => true,
    };
    const stop = new AbortController();
    const onRefused = (): void => undefined;
    const holder = new PermitHolder({
      circuit,
      clock,
      stop,
      probeLeaseMs: 30_000,
      deadlineAtMs: null,
      waits,
      onRefused,
    });
    await holder.acquire(600_000);
  };
  const run = async () => {
    await clock.runUntilSettled(Promise.all(refusals.map(acquire)));
    return events.flatMap((event) =>
      event.kind === 'wait_started' ? [event.circuit] : event.kind === 'wait_ended' ? [`end of ${event.reason}`] : [],
    );
  };
  return { run };
}

function refuse(circuit: string, times: number, reason: Refusal['reason'] = 'open'): readonly Refusal[] {
  return Array.from({ length: times }, () => refusalOf({ circuit, refusedBy: circuit, reason, retryAfterMs: 60_000 }));
}

describe('the notice of a wait', () => {
  it.each(['open', 'isolated', 'probe_in_progress'] as const)('names the circuit that refuses: %s', async (reason) => {
    const { run } = prepare([refuse(IN_FLEET, 5, reason)]);
    expect(await run()).toEqual([IN_FLEET, `end of ${reason}`]);
  });

  it("names the fleet's for the command's own probe, too", async () => {
    const { run } = prepare([refuse(IN_FLEET, 5, 'probe_in_progress')], { isProbing: true });
    expect(await run()).toEqual([IN_FLEET, 'end of own_probe']);
  });

  it('comes again when another circuit refuses next, for the same reason', async () => {
    const { run } = prepare([[...refuse(CIRCUIT, 5), ...refuse(IN_FLEET, 5)]]);
    expect(await run()).toEqual([CIRCUIT, 'end of open', IN_FLEET, 'end of open']);
  });

  it('is one for all operations that wait for the same, and ends with the last', async () => {
    const { run } = prepare([refuse(IN_FLEET, 5), refuse(IN_FLEET, 9), refuse(CIRCUIT, 5)]);
    expect(await run()).toEqual([IN_FLEET, CIRCUIT, 'end of open']);
  });
});
