import { countSetting, durationSetting, textSetting } from './setting.ts';

/**
 * Neither control nor format characters (Unicode Cc and Cf): they turn or hide what is shown, and two names that look the same
 * would be two hosts. Written out, because the schema of the config file has this pattern, too.
 */
const VISIBLE_WORD =
  // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
  /^[^\s\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]{1,255}$/u;

const REDIS_URL =
  // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
  /^rediss?:\/\/(?:[^\u0000-\u0020\u007f-\u00a0/?#]*@)?(?!:)[^\u0000-\u0020\u007f-\u00a0\\/?#@,]+(?:\/\d{0,5})?$/u;

/** The circuits that many hosts share. */
export const fleetSettings = {
  fleet: textSetting({
    flag: 'fleet',
    summary: 'Redis or Valkey in which hosts share their circuits; a password belongs in the environment or a file',
    placeholder: 'URL',
    shownDefault: 'none',
    accepts: 'a redis or rediss URL',
    // Without a scheme, or with a path that is no number of a database, it may be the password itself.
    schemaPattern: REDIS_URL,
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
    summary: 'longest wait for the fleet, its connection included, up to 30s; after that, this host decides by itself',
    fallback: 150,
    // A probe's lease, and that of a sweep, would end before a later answer.
    mostMs: 30_000,
  }),
  fleetCa: textSetting({
    flag: 'fleet-ca',
    summary: "certificate authorities for the fleet, in PEM; by default Node's",
    placeholder: 'FILE',
    shownDefault: 'none',
    accepts: 'a file path',
    isPath: true,
  }),
  fleetHost: textSetting({
    flag: 'fleet-host',
    summary: 'name of this host in the fleet; for containers with a fresh name each, that of their node',
    placeholder: 'NAME',
    shownDefault: 'host name',
    accepts: 'up to 255 visible characters without spaces',
    pattern: VISIBLE_WORD,
  }),
} as const;
