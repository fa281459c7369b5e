import { BreakwaterError } from '../../errors.ts';
import { parseFleetUrl, type FleetTarget } from '../../fleet/fleet-url.ts';
import { expandHome, findHome } from '../find-home.ts';
import { FLEET_FILE } from './fleet-setting.ts';
import { nameWish } from '../settings/name-settings.ts';
import { readCertificates, readNamedFile } from '../settings/named-file.ts';
import type { Environment, Settings } from '../settings/resolve-settings.ts';

type FleetSettings = Pick<Settings, 'fleet' | 'fleetQuorum' | 'fleetCa' | 'failureThreshold' | 'origins'>;

/**
 * The engine of the fleet, by the settings. Checked before anything is sent.
 * @throws BreakwaterError `usage` or `config`, without the URL, which may contain a password
 */
export function readFleetTarget(settings: FleetSettings, env: Environment): FleetTarget {
  const { fleetQuorum, failureThreshold, fleetCa } = settings;
  if (fleetQuorum > failureThreshold) {
    const name = nameWish('fleetQuorum', settings);
    throw new BreakwaterError(
      'usage',
      `${name}: a quorum of ${fleetQuorum} hosts can never be reached with ${failureThreshold} failures`,
      {
        details: {
          reason: 'bad_quorum',
          hint: `lower the quorum, or raise ${nameWish('failureThreshold', settings)}`,
        },
      },
    );
  }
  const certificates =
    fleetCa === null ? null : readCertificates({ name: nameWish('fleetCa', settings), path: fleetCa });
  const { origin, text } = readUrl(settings, env);
  const target = parseFleetUrl(text, { origin, certificates });
  // Also a user alone: redis-cli reads one as the password.
  if (origin.startsWith('--') && (target.password !== null || target.username !== null)) {
    throw new BreakwaterError('usage', `${origin} has a user or password, which every user of this machine can see`, {
      details: { reason: 'secret_flag', hint: `set BREAKWATER_FLEET, or ${FLEET_FILE} to a file with the URL` },
    });
  }
  return target;
}

function readUrl(settings: FleetSettings, env: Environment): { readonly origin: string; readonly text: string } {
  if (settings.fleet !== null) return { origin: nameWish('fleet', settings), text: settings.fleet };
  const path = expandHome(env[FLEET_FILE] ?? '', findHome(env));
  return { origin: FLEET_FILE, text: readNamedFile({ name: FLEET_FILE, path }, 'bad_fleet_url').trim() };
}
