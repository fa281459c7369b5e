import type { Clock } from '../clock.ts';

/** Scripted fault scenarios. Each starts with the first request, so that its start is not missed. */
export const SCENARIOS = ['calm', 'brownout', 'outage-30s', 'flapping', 'slow-probe'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Phase {
  /** A description for people. */
  readonly text: string;
  /** Duration, in ms; null for the rest of the run. */
  readonly lastsMs: number | null;
  /** In the syntax of `parseFault`. The first that matches a request applies. */
  readonly faults: readonly string[];
}

const FINE = 'no faults';
const OUTAGE: Omit<Phase, 'lastsMs'> = {
  text: 'an outage: every request fails with 503 ServiceUnavailable',
  faults: ['*:503:ServiceUnavailable'],
};

/** The phases of each scenario, in order. A repeated scenario restarts after the last phase. */
export const SCENARIO_PHASES: Readonly<
  Record<Scenario, { readonly phases: readonly Phase[]; readonly isRepeated: boolean }>
> = {
  calm: { phases: [{ text: FINE, lastsMs: null, faults: [] }], isRepeated: false },
  brownout: {
    phases: [
      {
        text: 'a brownout: every third request fails with 503 SlowDown, the others take 400 ms',
        lastsMs: null,
        faults: ['*:SlowDown:every=3', '*:latency:after=400ms'],
      },
    ],
    isRepeated: false,
  },
  'outage-30s': {
    phases: [
      { text: FINE, lastsMs: 10_000, faults: [] },
      { ...OUTAGE, lastsMs: 30_000 },
      { text: FINE, lastsMs: null, faults: [] },
    ],
    isRepeated: false,
  },
  flapping: {
    phases: [
      { text: FINE, lastsMs: 15_000, faults: [] },
      { ...OUTAGE, lastsMs: 15_000 },
    ],
    isRepeated: true,
  },
  'slow-probe': {
    phases: [
      { text: FINE, lastsMs: 5000, faults: [] },
      { ...OUTAGE, lastsMs: 20_000 },
      {
        text: 'a slow recovery: every response takes 10 s, so a probe holds the only slot for 10 s',
        lastsMs: 180_000,
        faults: ['*:latency:after=10s'],
      },
      { text: FINE, lastsMs: null, faults: [] },
    ],
    isRepeated: false,
  },
};

interface ScenarioContext {
  /** @returns its id */
  readonly addFault: (text: string) => number;
  readonly removeFault: (id: number) => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/**
 * Plays a scenario, adding and removing only its own faults. Ends after the last phase or on abort, and then removes
 * its faults unless the last phase has no end.
 */
export async function playScenario(scenario: Scenario, context: ScenarioContext): Promise<void> {
  const { phases, isRepeated } = SCENARIO_PHASES[scenario];
  for (;;) {
    for (const phase of phases) {
      const ids = phase.faults.map((fault) => context.addFault(fault));
      context.onPhase(phase);
      if (phase.lastsMs === null) return;
      try {
        await context.clock.sleep(phase.lastsMs, context.signal);
      } catch {
        return;
      } finally {
        for (const id of ids) context.removeFault(id);
      }
    }
    if (!isRepeated) return;
  }
}
