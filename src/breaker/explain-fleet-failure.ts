import type { FleetFailureCode } from '../circuit/fleet-store.ts';

/** What the user of the engine must be allowed: docs/fleet.md, "What the server keeps". */
const RIGHTS = '~breakwater:* +get +time +eval +set +lpush +ltrim +pexpire';

const WHY: Partial<Readonly<Record<FleetFailureCode, string>>> = {
  timeout: 'it did not answer within --fleet-timeout',
  host_not_found: 'its host name has no address',
  no_auth: 'it asks for a password',
  wrong_password: 'it refuses the user or password of its URL, or has none set',
  no_permission: `its access rules forbid a command or a key; its user needs ${RIGHTS}`,
  no_database: 'it has no database of the number in its URL',
  protected_mode: 'it is in protected mode, and takes other hosts only with a password',
  read_only: 'it takes no writes: it is a replica, cannot save, or has too few replicas',
  out_of_memory: 'it has no memory left',
  loading: 'it is loading its data, or busy with a script',
  not_trusted:
    'its certificate is not trusted: of an authority that is not known here (--fleet-ca names it), for another name, or expired',
  tls_failed: 'it refuses TLS; it may require a client certificate (tls-auth-clients), which is not supported',
  is_cluster: 'it is a node of a cluster, which is not supported',
  bad_answer: 'its answer is not that of Redis or Valkey, or a key of breakwater has another value',
  newer_row: 'what it keeps was written by a newer breakwater',
  engine_error: `it answers with an error: it may be a Sentinel, lack a command (needed: ${commandsOf(RIGHTS)}), or have no room for connections`,
  failed_recently: 'it failed less than 5 s ago, and is not asked yet (breakwater doctor asks it at once)',
};

const ADVICE: Partial<Readonly<Record<FleetFailureCode, string>>> = {
  timeout: 'check the server and the network, or raise --fleet-timeout',
  no_auth: 'put user and password into BREAKWATER_FLEET',
  wrong_password: 'correct user and password in BREAKWATER_FLEET',
  no_permission: `allow its user ${RIGHTS}`,
  no_database: 'correct the number at the end of BREAKWATER_FLEET',
  protected_mode: 'set a password on the server, and put it into BREAKWATER_FLEET',
  read_only: 'name the server that takes the writes in BREAKWATER_FLEET, or see its log',
  out_of_memory: 'raise maxmemory of the server',
  not_trusted: 'see its certificate with openssl s_client; name the file of its authority with --fleet-ca',
  tls_failed: 'set tls-auth-clients of the server to no',
  is_cluster: 'name a single server in BREAKWATER_FLEET',
  bad_answer: 'correct BREAKWATER_FLEET, or delete the keys breakwater:* that something else has written',
  newer_row: 'update breakwater on this host',
  engine_error: `name a server rather than its Sentinel, and see its log; it needs the commands ${commandsOf(RIGHTS)}`,
};

/** Why a fleet cannot be asked, as the beginning of a sentence. */
export function explainFleetFailure({ name }: { readonly name: string }, code: FleetFailureCode): string {
  return `the fleet at ${name} cannot be asked: ${describeFleetFailure(code)}`;
}

/** What the engine does that it should not, or does not do. */
export function describeFleetFailure(code: FleetFailureCode): string {
  return WHY[code] ?? code.replaceAll('_', ' ');
}

/** What to do about it. */
export function adviseFleet(code: FleetFailureCode): string {
  return ADVICE[code] ?? 'check that the server runs, and the network';
}

function commandsOf(rights: string): string {
  return [...rights.matchAll(/\+(\w+)/g)].map(([, command]) => command).join(' ');
}
