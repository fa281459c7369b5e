import { FleetFailure, type FleetFailureCode } from '../circuit/fleet-store.ts';

/** The first word of an error of the server. https://valkey.io/topics/protocol/, "Simple errors". */
const SERVER_ERRORS: Readonly<Record<string, FleetFailureCode>> = {
  NOAUTH: 'no_auth',
  WRONGPASS: 'wrong_password',
  NOPERM: 'no_permission',
  READONLY: 'read_only',
  MASTERDOWN: 'read_only',
  OOM: 'out_of_memory',
  MISCONF: 'read_only',
  NOREPLICAS: 'read_only',
  DENIED: 'protected_mode',
  LOADING: 'loading',
  BUSY: 'loading',
  MOVED: 'is_cluster',
  ASK: 'is_cluster',
  CROSSSLOT: 'is_cluster',
  CLUSTERDOWN: 'is_cluster',
  TRYAGAIN: 'is_cluster',
  WRONGTYPE: 'bad_answer',
};

/** Errors of the server without a word of their own, by their text in Redis 5 to 8 and Valkey. */
const SERVER_TEXTS: readonly (readonly [RegExp, FleetFailureCode])[] = [
  [/DB index is out of range|invalid DB index/i, 'no_database'],
  [/SELECT is not allowed in cluster mode/i, 'is_cluster'],
  // Of AUTH: without a password on the server, with a wrong one before Redis 6, with a user before it.
  [/without any password configured|no password is set|ERR invalid password/i, 'wrong_password'],
  [/wrong number of arguments for 'auth'/i, 'wrong_password'],
  // Of a command in a script: Redis 6 and 7, and Valkey.
  [/executing the script can't|ACL failure in script/i, 'no_permission'],
];

const SYSTEM_ERRORS: Readonly<Record<string, FleetFailureCode>> = {
  ECONNREFUSED: 'connection_refused',
  ENETUNREACH: 'connection_refused',
  EHOSTUNREACH: 'connection_refused',
  EADDRNOTAVAIL: 'connection_refused',
  ECONNRESET: 'connection_closed',
  EPIPE: 'connection_closed',
  ETIMEDOUT: 'timeout',
};

/** Names what went wrong. Anything unknown is an error of the engine, too. */
export function toFleetFailure(error: unknown): FleetFailure {
  if (error instanceof FleetFailure) return error;
  if (!(error instanceof Error)) return new FleetFailure('engine_error');
  // The client's errors carry their command, and that of a login has the password; a server that does not know AUTH says it.
  const message = error.message.replace(/,? with args beginning with:.*/s, '');
  const options = { cause: 'command' in error || message !== error.message ? new Error(message) : error };
  const code = 'code' in error && typeof error.code === 'string' ? SYSTEM_ERRORS[error.code] : undefined;
  if (code !== undefined) return new FleetFailure(code, options);
  // An alert is the server's; anything else of OpenSSL is TLS with a server that has none.
  if ('code' in error && /^ERR_SSL_.*(?:ALERT|UNSUPPORTED_PROTOCOL)/.test(String(error.code)))
    return new FleetFailure('tls_failed', options);
  if ('code' in error && /^(?:ERR_SSL_|EPROTO$)/.test(String(error.code)))
    return new FleetFailure('bad_answer', options);
  if (error.name === 'ReplyError') {
    const [word = ''] = error.message.split(' ');
    const wrapped = Object.entries(SERVER_ERRORS).find(
      // Before 7.0, an error of a script's command stands inside that of the script: `-READONLY You can't write ...`.
      ([name]) => word === name || error.message.includes(` ${name} `) || error.message.includes(` -${name} `),
    );
    const told = SERVER_TEXTS.find(([pattern]) => pattern.test(error.message));
    return new FleetFailure(wrapped?.[1] ?? told?.[1] ?? 'engine_error', options);
  }
  if (error.name === 'ParserError') return new FleetFailure('bad_answer', options);
  return new FleetFailure('connection_closed', options);
}
