import type { FleetFailureCode } from '../../circuit/fleet-store.ts';
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

const WHY: Partial<Readonly<Record<FleetFailureCode, string>>> = {
  timeout: 'it did not answer within --fleet-timeout',
  host_not_found: 'its host name has no address',
  no_auth: 'it asks for a password',
  wrong_password: 'it refuses the user or the password',
  no_permission: 'its access rules forbid a command or a key',
  read_only: 'it takes no writes',
  out_of_memory: 'it has no memory left',
  loading: 'it is still loading its data',
  not_trusted: 'its certificate is not trusted (--fleet-ca names its authority)',
  tls_failed: 'it refuses TLS; it may require a client certificate (tls-auth-clients), which is not supported',
  is_cluster: 'it is a node of a cluster, which is not supported',
  bad_answer: 'its answer is not that of Redis or Valkey',
  newer_row: 'its circuits are those of a newer breakwater',
  engine_error: 'it refuses a command (get, time and eval are needed), or has no room for connections',
  failed_recently: 'it failed less than 5 s ago, and is not asked yet',
};

/** Why a fleet cannot be asked, as the beginning of a sentence. */
export function explainFleetFailure({ name }: Pick<FleetTarget, 'name'>, code: FleetFailureCode): string {
  return `the fleet at ${name} cannot be asked: ${WHY[code] ?? code.replaceAll('_', ' ')}`;
}
