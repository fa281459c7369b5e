import type { FailureMemory } from '../../fleet/fleet-link.ts';
import type { FleetTarget } from '../../fleet/fleet-url.ts';
import type { CommandRun } from '../command-run.ts';

/** People who change the fleet ask it even if it failed just now. */
const ASKED_BY_HAND: ReadonlySet<string> = new Set(['breaker-reset', 'breaker-isolate']);

interface RememberOptions extends Pick<CommandRun, 'command' | 'clock'> {
  readonly marks: Awaited<ReturnType<CommandRun['state']>>['marks'];
  readonly target: Pick<FleetTarget, 'name'>;
}

/** The last failure of an engine, in the state of this host. */
export function rememberFailures({ command, clock, marks, target }: RememberOptions): FailureMemory {
  const mark = `fleet failed ${target.name}`;
  return {
    read: () => (ASKED_BY_HAND.has(command) ? null : marks.read(mark) || null),
    note: () => marks.set(mark, { value: clock.now(), nowMs: clock.now() }),
  };
}
