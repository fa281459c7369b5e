import { describe, expect, it } from 'vitest';
import { Faults } from '../../../src/sandbox/faults/fault.ts';
import { parseFault } from '../../../src/sandbox/faults/fault-text.ts';
import { playScenario, SCENARIOS, SCENARIO_PHASES, type Scenario } from '../../../src/sandbox/scenario.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** A scenario on virtual time, and what a put would get. */
function play(scenario: Scenario) {
  const clock = new VirtualClock();
  const faults = new Faults(clock.monotonic);
  const stopped = new AbortController();
  const reported: string[] = [];
  const ended = playScenario(scenario, {
    addFault: (text) => faults.add(parseFault(text), text),
    removeFault: (id) => faults.remove(id),
    clock,
    signal: stopped.signal,
    onPhase: ({ text }) => reported.push(text.split(':')[0] ?? ''),
  });
  const meet = (): string => {
    const effect = faults.take({ operation: 'PutObject', bucket: 'b', key: 'k' })?.effect;
    return effect?.kind === 'error' ? effect.code : (effect?.kind ?? 'fine');
  };
  return { clock, faults, reported, meet, ended, stop: () => stopped.abort(new Error('stopped')) };
}

describe('playScenario', () => {
  it.each<[Scenario, readonly (readonly [number, string])[]]>([
    ['calm', [[0, 'fine']]],
    [
      'outage-30s',
      [
        [0, 'fine'],
        [9999, 'fine'],
        [1, 'ServiceUnavailable'],
        [29_999, 'ServiceUnavailable'],
        [1, 'fine'],
        [3_600_000, 'fine'],
      ],
    ],
    [
      'flapping',
      [
        [0, 'fine'],
        [15_000, 'ServiceUnavailable'],
        [15_000, 'fine'],
        [15_000, 'ServiceUnavailable'],
        [15_000, 'fine'],
      ],
    ],
    [
      'slow-probe',
      [
        [5000, 'ServiceUnavailable'],
        [20_000, 'latency'],
        [180_000, 'fine'],
      ],
    ],
  ])('plays %s', async (scenario, steps) => {
    const { clock, meet, stop } = play(scenario);
    for (const [ms, meets] of steps) {
      await clock.advance(ms);
      expect(meet()).toBe(meets);
    }
    stop();
  });

  it('throttles every third request of a brownout, and delays the others', () => {
    const { meet } = play('brownout');
    expect(Array.from({ length: 6 }, meet)).toEqual([
      'latency',
      'latency',
      'SlowDown',
      'latency',
      'latency',
      'SlowDown',
    ]);
  });

  it('removes only its own faults when it is stopped', async () => {
    const { clock, faults, ended, stop } = play('flapping');
    const theirs = faults.add(parseFault('GetObject:reset'), 'GetObject:reset');
    await clock.advance(20_000);
    expect(faults.list()).toHaveLength(2);
    stop();
    await ended;
    expect(faults.list().map(({ id }) => id)).toEqual([theirs]);
  });

  it('reports each phase', async () => {
    const { clock, reported, stop } = play('slow-probe');
    await clock.advance(300_000);
    stop();
    expect(reported).toEqual(['no faults', 'an outage', 'a slow recovery', 'no faults']);
  });

  it.each(SCENARIOS)('has valid faults: %s', (scenario) => {
    const faults = SCENARIO_PHASES[scenario].phases.flatMap((phase) => phase.faults);
    expect(() => faults.map(parseFault)).not.toThrow();
  });
});
