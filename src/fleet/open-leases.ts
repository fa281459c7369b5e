import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { FleetLink, type FailureMemory } from './fleet-link.ts';
import type { Ask } from './fleet-store.ts';
import type { FleetTarget } from './fleet-url.ts';
import { connectValkey, toFleetFailure } from './valkey-engine.ts';

interface LeaseLinkOptions {
  readonly target: FleetTarget;
  /** For everything that one call needs, its connection included, in ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly failures: FailureMemory;
}

/** A connection for leases. Nothing is connected before the first call. */
export interface LeaseLink {
  readonly ask: Ask;
  /** Ends the connection at once. */
  readonly close: () => void;
}

/** Opens the connection to a fleet's engine for a command that has leases and no circuit. */
export function openLeaseLink({ target, ...options }: LeaseLinkOptions): LeaseLink {
  const link = new FleetLink({
    ...options,
    connect: async (signal) => await connectValkey(target, { sha1, signal }),
    toFailure: toFleetFailure,
  });
  return { ask: link.ask, close: () => link.close() };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
