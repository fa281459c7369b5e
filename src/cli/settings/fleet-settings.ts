import { countSetting, durationSetting, textSetting } from './setting.ts';

/** The circuits that many hosts share. */
export const fleetSettings = {
  fleet: textSetting({
    flag: 'fleet',
    summary: 'Redis or Valkey in which hosts share their circuits; a password belongs in the environment or a file',
    placeholder: 'URL',
    shownDefault: 'none',
    accepts: 'a redis or rediss URL',
    // Without a scheme, or with a path that is no number of a database, it may be the password itself.
    shownForm: /^rediss?:\/\/[^/]+(?:\/\d{0,5})?$/i,
  }),
  fleetQuorum: countSetting({
    flag: 'fleet-quorum',
    summary: 'hosts that must have failed before the circuit of the fleet opens',
    fallback: 2,
    least: 1,
    most: 100,
  }),
  fleetTimeoutMs: durationSetting({
    flag: 'fleet-timeout',
    summary: 'longest wait for the fleet, its connection included; after that, this host decides by itself',
    fallback: 150,
  }),
  fleetCa: textSetting({
    flag: 'fleet-ca',
    summary: "certificate authorities for the fleet, in PEM; by default Node's",
    placeholder: 'FILE',
    shownDefault: 'none',
    accepts: 'a file path',
  }),
  fleetHost: textSetting({
    flag: 'fleet-host',
    summary: 'name of this host in the fleet; for containers with a fresh name each, that of their node',
    placeholder: 'NAME',
    shownDefault: 'host name',
    accepts: 'up to 255 characters without spaces or control characters',
    pattern: /^[^\p{Cc}\s]{1,255}$/u,
  }),
} as const;
