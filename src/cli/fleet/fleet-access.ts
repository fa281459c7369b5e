import type { FleetGate } from '../../circuit/fleet-gate.ts';
import type { FleetMember } from '../../circuit/host-share.ts';
import type { Fleet } from '../../fleet/open-fleet.ts';
import { once } from '../../once.ts';
import type { CommandRun } from '../command-run.ts';
import { isFleetSet } from './fleet-setting.ts';

export type FleetAccessOptions = Pick<
  CommandRun,
  'command' | 'settings' | 'env' | 'clock' | 'emit' | 'state' | 'signal' | 'processIdentity'
>;

/** The fleet of one command. */
export interface OpenedFleet {
  /** The engine, for messages: without user and password. */
  readonly name: string;
  /** This host's place in it. */
  readonly member: FleetMember;
  readonly gate: FleetGate;
  readonly store: Fleet;
}

interface FleetAccess extends Pick<CommandRun, 'fleet'> {
  /** Ends the connection, if there is one. */
  readonly close: () => Promise<void>;
}

/** The fleet that the settings name; nothing is loaded without one. */
export function openFleetAccess(options: FleetAccessOptions): FleetAccess {
  if (!isFleetSet(options.settings, options.env)) {
    return { fleet: async () => await Promise.resolve(null), close: async () => await Promise.resolve() };
  }
  let isOpened = false;
  const open = once(async () => {
    isOpened = true;
    const { openNamedFleet } = await import('./open-named-fleet.ts');
    return await openNamedFleet(options);
  });
  return {
    fleet: open,
    close: async () => {
      if (isOpened) (await open()).store.close();
    },
  };
}
