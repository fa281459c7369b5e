import { isCertificateCode } from '../certificate-codes.ts';
import type { AttemptFailure } from '../circuit/circuit.ts';
import { lookUp, readFields, type UnknownFields } from '../read-fields.ts';
import { NETWORK_WORDS, TransferFault, type FaultWord } from './transfer-fault.ts';

/** The facts of an error from the SDK, Node or undici, read without their classes. */
export interface FailedResponse extends AttemptFailure {
  readonly retryAfterMs: number | null;
  readonly isNetworkFault: boolean;
  /** No usable credentials, region or endpoint: nothing was sent. */
  readonly isCredentialsFault: boolean;
  /** This machine has no more descriptors or memory: S3 was not asked. */
  readonly isLocalFault: boolean;
  /** The client has corrected the cause: our clock, or expired credentials. */
  readonly isCorrected: boolean;
}

/** How deep `cause` and `AggregateError.errors` are followed. */
const CAUSE_DEPTH = 5;

/** Names of SDK errors thrown before anything is sent. */
const CONFIGURATION_NAMES: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ProviderError',
]);

/** Resources of this machine that have run out (Node, common system errors; errno(3)). */
const LOCAL_CODES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']);

/** The SDK's own words for a body that it cannot parse. */
const UNREADABLE = /XML parse error|Deserialization error/;

/** TLS fails for another reason than the server's certificate; another try would, too. */
const TLS_CODE = /^ERR_TLS|^ERR_SSL|^EPROTO$|CERT/;

/**
 * SDK errors carry `name`, `$metadata` and a hidden `$response`; network errors carry `code`, sometimes only on a
 * cause. For a response that is not XML, the name is `Unknown`.
 */
export function readFailedResponse(error: unknown): FailedResponse {
  const record = readFields(error);
  const metadata = readFields(record['$metadata']);
  const httpStatus = asNumber(metadata['httpStatusCode']);
  const isUnreadable = UNREADABLE.test(asText(record['message']) ?? '');
  const word = findWord(error, { httpStatus, isUnreadable });
  const systemCode = findCode(error, CAUSE_DEPTH);
  return {
    code: word ?? nameOf(record, { httpStatus, systemCode, isUnreadable }),
    // OpenSSL's message has several lines for debugging; its reason is meant for users. The SDK's message about a body that
    // is not XML helps nobody.
    message: isUnreadable
      ? 'the response is not in the form of S3'
      : (asText(record['reason']) ?? asText(record['message']) ?? 'no message'),
    httpStatus,
    requestId: asText(metadata['requestId']),
    retryAfterMs: readRetryAfter(readFields(readFields(record['$response'])['headers'])),
    isNetworkFault: word !== null,
    isCredentialsFault:
      CONFIGURATION_NAMES.has(asText(record['name']) ?? '') ||
      (systemCode !== null && (isCertificateCode(systemCode) || TLS_CODE.test(systemCode))),
    isLocalFault: httpStatus === null && LOCAL_CODES.has(systemCode ?? ''),
    isCorrected: metadata['clockSkewCorrected'] === true || metadata['credentialsRenewed'] === true,
  };
}

function findWord(
  error: unknown,
  { httpStatus, isUnreadable }: { httpStatus: number | null; isUnreadable: boolean },
): FaultWord | null {
  if (httpStatus === null) return findNetworkWord(error, CAUSE_DEPTH);
  // A login page or another service that answers everything with success.
  return isUnreadable && httpStatus < 300 ? 'not_s3' : null;
}

function nameOf(
  record: UnknownFields,
  {
    httpStatus,
    systemCode,
    isUnreadable,
  }: { httpStatus: number | null; systemCode: string | null; isUnreadable: boolean },
): string {
  // An error of the parser is not a code of the store, for instance a RangeError for elements without an end.
  const given = asText(record['Code']) ?? (isUnreadable ? null : asText(record['name']));
  const name = given ?? 'Error';
  if (httpStatus !== null && (name === 'Unknown' || name === 'Error')) return `http_${httpStatus}`;
  return httpStatus === null && systemCode !== null ? systemCode : name;
}

/** `Retry-After` in seconds, or AWS's `x-amz-retry-after` in ms. HTTP dates are ignored, because clocks differ. */
function readRetryAfter(headers: UnknownFields): number | null {
  const millis = Number.parseInt(asText(headers['x-amz-retry-after']) ?? '', 10);
  if (Number.isFinite(millis) && millis >= 0) return millis;
  const seconds = Number.parseFloat(asText(headers['retry-after']) ?? '');
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1000) : null;
}

function findNetworkWord(error: unknown, depth: number): FaultWord | null {
  if (error instanceof TransferFault) return error.word;
  const record = readFields(error);
  const code = asText(record['code']);
  const word = code === null ? undefined : lookUp(NETWORK_WORDS, code);
  if (word !== undefined) return word;
  // From an HTTP parser, Node's or undici's: the response is not HTTP.
  if (code?.startsWith('HPE_') === true || record['name'] === 'HTTPParserError') return 'not_s3';
  return firstOfCauses(record, depth, findNetworkWord) ?? (record['name'] === 'TimeoutError' ? 'timeout' : null);
}

function findCode(error: unknown, depth: number): string | null {
  const record = readFields(error);
  return asText(record['code']) ?? firstOfCauses(record, depth, findCode);
}

function firstOfCauses<T>(
  record: UnknownFields,
  depth: number,
  find: (cause: unknown, depth: number) => T | null,
): T | null {
  if (depth === 0) return null;
  const several: unknown = record['errors'];
  for (const cause of [record['cause'], ...(Array.isArray(several) ? several : [])]) {
    const found = cause === undefined ? null : find(cause, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

function asText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function asNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
