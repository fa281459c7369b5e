import type { Environment, Settings } from '../settings/resolve-settings.ts';

/** Names a file with the URL of the fleet, because it may contain a password. */
export const FLEET_FILE = 'BREAKWATER_FLEET_FILE';

/** Whether a fleet is named: its code is loaded only then. */
export function isFleetSet({ fleet }: Pick<Settings, 'fleet'>, env: Environment): boolean {
  return fleet !== null || (env[FLEET_FILE] ?? '') !== '';
}
