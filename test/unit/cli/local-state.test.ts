import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openLocalState } from '../../../src/cli/local-state.ts';
import type { Settings } from '../../../src/cli/settings/resolve-settings.ts';
import type { Event } from '../../../src/events.ts';
import { createTestState } from '../../support/state.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('openLocalState', () => {
  it('has one state and one gate until it is opened anew, and then a gate on the new one', async () => {
    await using disk = await createTestState();
    const events: Event[] = [];
    const settings = {
      stateDirectory: disk.directory,
      failureThreshold: 5,
      successThreshold: 2,
      openForMs: 60_000,
      probeLeaseMs: 30_000,
    } as Settings;
    const local = openLocalState({
      command: 'breaker-status',
      settings,
      clock: new VirtualClock(),
      emit: (event) => events.push(event),
    });
    expect(await local.state()).toBe(await local.state());
    const first = await local.gate();
    expect(await local.gate()).toBe(first);
    first.reset('s3-upload@x', { by: 'ops', reason: null });
    await rm(disk.directory, { recursive: true });
    const state = await local.reopenState();
    expect(await local.state()).toBe(state);
    const second = await local.gate();
    expect(second).not.toBe(first);
    second.isolate('s3-upload@x', { by: 'ops', reason: null, forMs: null });
    // What the first gate wrote went with its file.
    expect(disk.open().circuits.transitions({ limit: 10 })).toMatchObject([{ why: 'isolated', from: 'closed' }]);
    expect(events.map(({ kind }) => kind)).toEqual(['circuit_changed', 'circuit_changed']);
    await local.close();
  });
});
