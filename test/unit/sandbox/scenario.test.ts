import { describe, expect, it } from 'vitest';
import { Faults } from '../../../src/sandbox/faults/fault.ts';
import { parseFault } from '../../../src/sandbox/faults/fault-text.ts';
import { playScenario, SCENARIOS, STORIES, type Scenario } from '../../../src/sandbox/scenario.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** A scenario on virtual time, and what a put would meet. */
function play(scenario: Scenario) {
  const clock = new VirtualClock();
  const faults = new Faults(clock.monotonic);
  const stopped = new AbortController();
  const told: string[] = [];
  const ended = playScenario(scenario, {
    addFault: (text) => faults.add(parseFault(text), text),
    removeFault: (id) => faults.remove(id),
    clock,
    signal: stopped.signal,
    onPhase: ({ says }) => told.push(says.split(':')[0] ?? ''),
  });
  const meet = (): string => {
    const effect = faults.take({ operation: 'PutObject', bucket: 'b', key: 'k' })?.effect;
    return effect?.kind === 'error' ? effect.code : (effect?.kind ?? 'fine');
  };
  return { clock, faults, told, meet, ended, stop: () => stopped.abort(new Error('stopped')) };
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
  ])('tells the story of %s', async (scenario, steps) => {
    const { clock, meet, stop } = play(scenario);
    for (const [ms, meets] of steps) {
      await clock.advance(ms);
      expect(meet()).toBe(meets);
    }
    stop();
  });

  it('throttles one request in three of a brownout, and slows the others down', () => {
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

  it('leaves the faults of others alone, and takes its own along when it is stopped', async () => {
    const { clock, faults, ended, stop } = play('flapping');
    const theirs = faults.add(parseFault('GetObject:reset'), 'GetObject:reset');
    await clock.advance(20_000);
    expect(faults.list()).toHaveLength(2);
    stop();
    await ended;
    expect(faults.list().map(({ id }) => id)).toEqual([theirs]);
  });

  it('says what each phase is like', async () => {
    const { clock, told, stop } = play('slow-probe');
    await clock.advance(300_000);
    stop();
    expect(told).toEqual(['all is well', 'an outage', 'a slow recovery', 'all is well']);
  });

  it.each(SCENARIOS)('has faults that can be read: %s', (scenario) => {
    const faults = STORIES[scenario].phases.flatMap((phase) => phase.faults);
    expect(() => faults.map(parseFault)).not.toThrow();
  });
});
