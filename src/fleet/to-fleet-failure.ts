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
  LOADING: 'loading',
  BUSY: 'loading',
  MOVED: 'is_cluster',
  ASK: 'is_cluster',
  CROSSSLOT: 'is_cluster',
  CLUSTERDOWN: 'is_cluster',
  WRONGTYPE: 'bad_answer',
};

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
  // The client's errors carry their command, and that of a login has the password.
  const options = { cause: 'command' in error ? new Error(error.message) : error };
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
    return new FleetFailure(wrapped?.[1] ?? 'engine_error', options);
  }
  if (error.name === 'ParserError') return new FleetFailure('bad_answer', options);
  return new FleetFailure('connection_closed', options);
}
