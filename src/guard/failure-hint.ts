import type { ErrorCode } from '../errors.ts';
import type { OperationTarget } from '../operations.ts';
import { askForPermission, lacksPermission } from '../permissions.ts';
import { lookUp } from '../read-fields.ts';
import type { SettingNames } from '../setting-names.ts';

/**
 * What to do about a failed operation, by what has been set here: somebody whose endpoint is in a profile has no flag to
 * check.
 */
export function findHint({ code, failure, target }: FailedOperation, names: SettingNames): string | undefined {
  if (code === 'access_denied' && lacksPermission(failure) && target !== undefined) {
    const asked = askForPermission({ ...target, key: target.key ?? null });
    return `${asked}, or check ${words(names).credentials}`;
  }
  const hintOfRead = READS.has(target?.operation) ? lookUp(HINTS_OF_READS, failure) : undefined;
  const hintOfFailure = lookUp(HINTS_BY_FAILURE, failure);
  // A quota of requests is no lack of room.
  const hint = hintOfFailure === noRoom && code !== 'rejected' ? undefined : hintOfFailure;
  return (hintOfRead ?? hint ?? HINTS[code])?.(words(names));
}

const READS: ReadonlySet<OperationTarget['operation'] | undefined> = new Set(['get_object', 'head_object']);

interface FailedOperation {
  readonly code: ErrorCode;
  /** S3's code, or our word for the failure. */
  readonly failure: string;
  readonly target?: OperationTarget;
}

/** The names with words in place of what nothing has set. */
interface Words extends SettingNames {
  /** `AWS_ENDPOINT_URL`, or the flag that would set it. */
  readonly endpoint: string;
  /** Nothing has set an endpoint: it is one of AWS, by the region. */
  readonly isAws: boolean;
  /** `correct AWS_REGION`, or `set --region`. */
  readonly setRegion: string;
  /** `the credentials from AWS_ACCESS_KEY_ID`. */
  readonly credentials: string;
  readonly deadline: string;
  /** `, and the proxy of https_proxy`; empty without a proxy. */
  readonly andProxy: string;
}

type Hint = (words: Words) => string;

function words(names: SettingNames): Words {
  const { endpoint, region, credentials, proxy, deadline } = names;
  return {
    ...names,
    endpoint: endpoint ?? '--endpoint-url',
    isAws: endpoint === null,
    setRegion: region === null ? 'set --region' : `correct ${region}`,
    credentials: credentials === null ? 'the credentials' : `the credentials from ${credentials}`,
    deadline: deadline ?? '--deadline',
    andProxy: proxy === null ? '' : `, and the proxy of ${proxy}`,
  };
}

const HINTS: Partial<Readonly<Record<ErrorCode, Hint>>> = {
  unavailable: () => 'S3 may be down: see breakwater breaker-status, then try again',
  not_found: () => 'check the bucket and the key',
  access_denied: ({ credentials }) => `check ${credentials} and their permissions`,
  rejected: () => 'a retry will not help: check that this store supports the request',
  checksum_mismatch: () => 'the data changed in transit: try again, and check the network path if this persists',
  object_changed: () => 'the object was replaced meanwhile: run the command again',
  deadline: ({ deadline }) => `allow more time with ${deadline}`,
};

const notTls: Hint = ({ endpoint, andProxy }) =>
  `nothing speaks TLS there: check the scheme (http or https) and the port of ${endpoint}${andProxy}`;
const unknownAuthority: Hint = ({ caBundle }) =>
  caBundle === null
    ? 'set AWS_CA_BUNDLE to the file of its certificate authority'
    : `its certificate authority is not in the file of ${caBundle}: add it`;
const needsKey: Hint = ({ endpoint }) =>
  `an object encrypted with a key of your own needs --sse-customer-key-file; otherwise check ${endpoint} and its scheme`;
const noRoom: Hint = () =>
  'the store has no room for it: delete what is not needed, or ask its administrator for a larger quota';
const noBytes: Hint = () =>
  'a version that is a delete marker has no bytes: get an earlier version; otherwise the store does not support the request';
const wrongRegion: Hint = ({ setRegion }) => `this is not the bucket's region: ${setRegion}`;

const HINTS_OF_READS: Readonly<Record<string, Hint>> = {
  // S3 answers so to a read without the key of the object, and to a HEAD, which has no body, without a code.
  InvalidRequest: needsKey,
  http_400: needsKey,
  // And so to a read of a delete marker by its version (User Guide, "Working with delete markers").
  MethodNotAllowed: noBytes,
};

const HINTS_BY_FAILURE: Readonly<Record<string, Hint>> = {
  InvalidRange: () => 'the range begins after the end of the object: breakwater get without --range gets all of it',
  NoSuchVersion: () => 'check --version-id: it is the id of one version of this key, such as put --json prints',
  InvalidObjectState: () => 'the object is archived: restore it first, for example with aws s3api restore-object',
  QuotaExceeded: noRoom,
  XMinioAdminBucketQuotaExceeded: noRoom,
  XMinioStorageFull: noRoom,
  InsufficientStorage: noRoom,
  http_507: noRoom,
  NoSuchBucket: ({ region, endpoint }) => `check the bucket name, ${region ?? 'the region'} and ${endpoint}`,
  InvalidBucketName: () => 'bucket names are 3 to 63 lower-case letters, digits, dots and hyphens',
  RequestTimeTooSkewed: () => "set this machine's clock: it differs too much from the store's",
  AuthorizationHeaderMalformed: wrongRegion,
  PermanentRedirect: ({ setRegion }) => `the bucket is in another region: ${setRegion}`,
  TemporaryRedirect: ({ endpoint, setRegion }) =>
    `the bucket is at another host: name that one with ${endpoint}, or ${setRegion}`,
  EndpointError: ({ region, endpoint }) => `check the bucket name, ${region ?? '--region'} and ${endpoint}`,
  ExpiredToken: ({ credentials }) => `${credentials} have expired: refresh them`,
  InvalidAccessKeyId: ({ credentials, endpoint }) =>
    `the store does not know the access key: check ${credentials}, and that they are for the store of ${endpoint}`,
  SignatureDoesNotMatch: ({ credentials }) => `the secret key does not belong to the access key: check ${credentials}`,
  InvalidToken: ({ credentials }) => `the session token is not valid: check ${credentials}`,
  not_s3: ({ endpoint, andProxy }) =>
    `this is not an S3 response: check ${endpoint}${andProxy}, and look for a proxy or login page in between`,
  // Through a proxy, only the proxy is connected to.
  host_not_found: ({ proxy, isAws, region, endpoint }) => {
    if (proxy !== null) return `check the host name in ${proxy}, or the network`;
    return isAws
      ? `check ${region ?? 'the region'} and the network`
      : `check the host name in ${endpoint}, or the network`;
  },
  connection_refused: ({ proxy, isAws, endpoint }) =>
    `nothing is listening there: check ${proxy ?? (isAws ? 'the network, or set --endpoint-url' : endpoint)}`,
  http_302: ({ endpoint }) =>
    `this redirects elsewhere, which S3 does not: check ${endpoint}, and look for a login page`,
  http_400: ({ endpoint }) => `check ${endpoint} and its scheme (http or https): a store says more than that`,
  http_407: ({ proxy }) =>
    `a proxy in between asks for credentials: put them in the URL of ${proxy ?? 'HTTPS_PROXY or HTTP_PROXY'}`,
  http_413: () => 'something before S3 refuses bodies of this size: lower --part-size, or raise its limit',
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  EPROTO: notTls,
  EMFILE: () => 'raise the limit of open files (ulimit -n), or lower --concurrency',
  ENFILE: () => 'this machine has too many open files',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
};
