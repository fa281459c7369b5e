import { createHash } from 'node:crypto';
import type { FleetStore } from '../circuit/fleet-store.ts';
import type { Clock } from '../clock.ts';
import { FleetLink, type FailureMemory } from './fleet-link.ts';
import { createFleetStore } from './fleet-store.ts';
import type { FleetTarget } from './fleet-url.ts';
import { connectValkey, toFleetFailure } from './valkey-engine.ts';

interface FleetOptions {
  readonly target: FleetTarget;
  /** For everything: name, connection, TLS, login and round trips, in ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly failures: FailureMemory;
}

/** The circuits of a fleet. Nothing is connected before the first call. */
export interface Fleet extends FleetStore {
  /** When the engine last answered, on the monotonic clock, in ms; null if it never did. */
  readonly answeredAtMs: () => number | null;
  /** Ends the connection at once. */
  readonly close: () => void;
}

/** Opens the circuits of a fleet in Redis or Valkey. */
export function openFleet({ target, timeoutMs, clock, random, failures }: FleetOptions): Fleet {
  const link = new FleetLink({
    connect: async (signal) => await connectValkey(target, { sha1, signal }),
    toFailure: toFleetFailure,
    timeoutMs,
    clock,
    failures,
  });
  return {
    ...createFleetStore({ ask: link.ask, clock, random }),
    answeredAtMs: () => link.answeredAtMs,
    close: () => link.close(),
  };
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
