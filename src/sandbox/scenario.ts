import type { Clock } from '../clock.ts';

/** Named stories of a store in trouble. Each begins with the first request, so that nobody misses the beginning. */
export const SCENARIOS = ['calm', 'brownout', 'outage-30s', 'flapping', 'slow-probe'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Phase {
  /** What it is like, for whoever watches. */
  readonly says: string;
  /** How long, in ms; null: to the end. */
  readonly lastsMs: number | null;
  /** As `parseFault` reads them; the first that fits a request hits it. */
  readonly faults: readonly string[];
}

const FINE = 'all is well';
const OUTAGE: Omit<Phase, 'lastsMs'> = {
  says: 'an outage: every request is answered 503 ServiceUnavailable',
  faults: ['*:503:ServiceUnavailable'],
};

/** The phases of each, one after the other; the repeated ones begin anew after the last. */
export const STORIES: Readonly<Record<Scenario, { readonly phases: readonly Phase[]; readonly isRepeated: boolean }>> =
  {
    calm: { phases: [{ says: FINE, lastsMs: null, faults: [] }], isRepeated: false },
    brownout: {
      phases: [
        {
          says: 'a brownout: one request in three is answered 503 SlowDown, the others take 400 ms',
          lastsMs: null,
          faults: ['*:SlowDown:every=3', '*:latency:after=400ms'],
        },
      ],
      isRepeated: false,
    },
    'outage-30s': {
      phases: [
        { says: FINE, lastsMs: 10_000, faults: [] },
        { ...OUTAGE, lastsMs: 30_000 },
        { says: FINE, lastsMs: null, faults: [] },
      ],
      isRepeated: false,
    },
    flapping: {
      phases: [
        { says: FINE, lastsMs: 15_000, faults: [] },
        { ...OUTAGE, lastsMs: 15_000 },
      ],
      isRepeated: true,
    },
    'slow-probe': {
      phases: [
        { says: FINE, lastsMs: 5000, faults: [] },
        { ...OUTAGE, lastsMs: 20_000 },
        {
          says: 'a slow recovery: every answer takes 10 s, so a probe holds the only slot that long',
          lastsMs: 180_000,
          faults: ['*:latency:after=10s'],
        },
        { says: FINE, lastsMs: null, faults: [] },
      ],
      isRepeated: false,
    },
  };

interface Stage {
  /** @returns its id */
  readonly addFault: (text: string) => number;
  readonly removeFault: (id: number) => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/**
 * Plays a scenario: brings its faults in and takes them out again, and leaves those of others alone.
 * Ends with the last phase, or with the signal; its faults are gone then, unless the last phase lasts.
 */
export async function playScenario(scenario: Scenario, stage: Stage): Promise<void> {
  const { phases, isRepeated } = STORIES[scenario];
  for (;;) {
    for (const phase of phases) {
      const ids = phase.faults.map((fault) => stage.addFault(fault));
      stage.onPhase(phase);
      if (phase.lastsMs === null) return;
      try {
        await stage.clock.sleep(phase.lastsMs, stage.signal);
      } catch {
        return;
      } finally {
        for (const id of ids) stage.removeFault(id);
      }
    }
    if (!isRepeated) return;
  }
}
