/**
 * Transient faults without a code from S3. They are part of the machine vocabulary: `attempt_failed` events and
 * `breaker-status` show them.
 */
export type FaultWord =
  | 'response_timeout'
  | 'stalled_body'
  | 'body_cut'
  | 'corrupted_body'
  | 'not_s3'
  | 'proxy_refused'
  | 'other_object'
  | 'connect_timeout'
  | 'connection_reset'
  | 'connection_refused'
  | 'connection_closed'
  | 'host_not_found'
  | 'host_unreachable'
  | 'timeout';

/** A fault between us and S3, thrown within an attempt. */
export class TransferFault extends Error {
  override readonly name = 'TransferFault';
  readonly word: FaultWord;

  constructor(word: FaultWord, message: string, options?: ErrorOptions) {
    super(message, options);
    this.word = word;
  }
}

/**
 * The words for the network errors of Node and undici.
 * Source: Node's `errors` page (common system errors) and undici's error list.
 */
export const NETWORK_WORDS: Readonly<Record<string, FaultWord>> = {
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_closed',
  ECONNREFUSED: 'connection_refused',
  ETIMEDOUT: 'timeout',
  EAI_AGAIN: 'host_not_found',
  ENOTFOUND: 'host_not_found',
  EHOSTUNREACH: 'host_unreachable',
  EHOSTDOWN: 'host_unreachable',
  ENETUNREACH: 'host_unreachable',
  ENETDOWN: 'host_unreachable',
  UND_ERR_SOCKET: 'connection_closed',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'response_timeout',
  UND_ERR_BODY_TIMEOUT: 'stalled_body',
  UND_ERR_HEADERS_OVERFLOW: 'not_s3',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'body_cut',
};
