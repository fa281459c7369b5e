import type { FleetStore } from '../circuit/fleet-store.ts';
import { createFleetStore } from './fleet-store.ts';
import { openFleetLink, type FleetConnection } from './open-fleet-link.ts';

interface FleetOptions extends FleetConnection {
  readonly random: () => number;
}

/** The circuits of a fleet. Nothing is connected before the first call. */
export interface Fleet extends FleetStore {
  /** When the engine last answered, on the monotonic clock, in ms; null if it never did. */
  readonly answeredAtMs: () => number | null;
  /** Ends the connection at once. */
  readonly close: () => void;
}

/** Opens the circuits of a fleet in Redis or Valkey. */
export function openFleet({ random, ...connection }: FleetOptions): Fleet {
  const link = openFleetLink(connection);
  return {
    ...createFleetStore({ ask: link.ask, clock: connection.clock, random }),
    answeredAtMs: () => link.answeredAtMs,
    close: () => link.close(),
  };
}
