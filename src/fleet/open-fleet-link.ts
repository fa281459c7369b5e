import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { FleetLink, type FailureMemory } from './fleet-link.ts';
import type { FleetTarget } from './fleet-url.ts';
import { toFleetFailure } from './to-fleet-failure.ts';

export interface FleetConnection {
  readonly target: FleetTarget;
  /** For everything that one call needs: name, connection, TLS, login and round trips, in ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly failures: FailureMemory;
  /** Aborts when the command is to end, with the error that it ends with. @default never */
  readonly signal?: AbortSignal;
}

/** The connection of a command to Redis or Valkey. Nothing is connected before the first call. */
export function openFleetLink({ target, ...options }: FleetConnection): FleetLink {
  return new FleetLink({
    ...options,
    load: async () => {
      const { connectValkey } = await import('./valkey-engine.ts');
      return async (signal) => await connectValkey(target, { sha1, signal, clock: options.clock });
    },
    toFailure: toFleetFailure,
  });
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
