import { NAMED_SCOPE } from '../../circuit/circuit-name.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../circuit/circuit.ts';
import { DEFAULT_RETRY_SETTINGS } from '../../retry/decide-retry.ts';
import { fleetSettings as fleet } from './fleet-settings.ts';
import { choiceSetting, countSetting, durationSetting, switchSetting, textSetting } from './setting.ts';

const HTTP_URL = /^https?:\/\/./i;
/** Without user, query and fragment, which an endpoint and a gateway may not have. */
// oxlint-disable-next-line no-control-regex -- control characters are what it refuses
const PLAIN_HTTP_URL = /^https?:\/\/(?!:)[^\u0000-\u0020\u007f-\u00a0\\/?#@]+(?:\/[^\u0000-\u0020\u007f-\u00a0?#]*)?$/u;

/** The location of S3 and the profile for it. Null means the AWS settings. */
const s3 = {
  endpointUrl: textSetting({
    flag: 'endpoint-url',
    summary: 'endpoint of an S3-compatible store',
    placeholder: 'URL',
    shownDefault: 'AWS settings',
    accepts: 'an http or https URL without credentials',
    shownForm: HTTP_URL,
    schemaPattern: PLAIN_HTTP_URL,
  }),
  region: textSetting({
    flag: 'region',
    summary: 'AWS region',
    placeholder: 'NAME',
    shownDefault: 'AWS settings',
    accepts: 'a region name, such as eu-west-1',
    pattern: /^[A-Za-z0-9-]{1,63}$/,
  }),
  profile: textSetting({
    flag: 'profile',
    summary: 'profile of the AWS config files',
    placeholder: 'NAME',
    shownDefault: 'AWS settings',
    accepts: 'a profile name',
  }),
  pathStyle: switchSetting({
    flag: 'path-style',
    summary: 'put the bucket in the path instead of the host name; default only with an endpoint URL',
    fallback: null,
    isNegatable: true,
  }),
} as const;

const output = {
  json: switchSetting({ flag: 'json', summary: 'print exactly one JSON document on stdout', fallback: false }),
  quiet: switchSetting({ flag: 'quiet', summary: 'print only errors on stderr', fallback: false }),
  verbose: switchSetting({
    flag: 'verbose',
    summary: 'log every failed attempt and ignored result, and the stack of internal errors',
    fallback: false,
  }),
  stateDirectory: textSetting({
    flag: 'state-dir',
    summary: 'directory for circuits and metrics, shared by every process that uses it',
    placeholder: 'DIR',
    shownDefault: '$XDG_STATE_HOME/breakwater',
    accepts: 'a directory path',
    isPath: true,
  }),
  logFormat: choiceSetting({
    flag: 'log-format',
    summary: 'format of the lines on stderr',
    fallback: 'text',
    choices: ['text', 'json'],
  }),
  noColor: switchSetting({ flag: 'no-color', summary: 'no colours, even on a terminal', fallback: false }),
  ascii: switchSetting({
    flag: 'ascii',
    summary: 'use ASCII only (the default when the locale is not UTF-8)',
    fallback: false,
  }),
} as const;

const retry = {
  retries: countSetting({
    flag: 'retries',
    summary: 'retries after the first attempt',
    fallback: DEFAULT_RETRY_SETTINGS.retries,
    least: 0,
    most: 100,
  }),
  deadlineMs: durationSetting({
    flag: 'deadline',
    summary: 'time limit for the whole command, waits included',
    fallback: null,
    shownDefault: 'none',
  }),
  retryBaseMs: durationSetting({
    flag: 'retry-base',
    summary: 'wait before the first retry; doubles with each retry',
    fallback: DEFAULT_RETRY_SETTINGS.baseMs,
    leastMs: 0,
  }),
  retryJitter: choiceSetting({
    flag: 'retry-jitter',
    summary: 'randomness of the waits; full waits from 0 to the computed time',
    fallback: DEFAULT_RETRY_SETTINGS.jitter,
    choices: ['none', 'full'],
  }),
  requestTimeoutMs: durationSetting({
    flag: 'request-timeout',
    summary: 'longest wait for the first byte of a response',
    fallback: 60_000,
  }),
  connectTimeoutMs: durationSetting({
    flag: 'connect-timeout',
    summary: 'longest wait for a connection',
    fallback: 5000,
  }),
  stallTimeoutMs: durationSetting({
    flag: 'stall-timeout',
    summary: 'longest time without progress in a request or response body',
    fallback: 30_000,
  }),
  credentialsTimeoutMs: durationSetting({
    flag: 'credentials-timeout',
    summary: 'longest wait for AWS credentials, from a program, a metadata server or STS',
    fallback: 30_000,
  }),
} as const;

const circuit = {
  waitMs: durationSetting({
    flag: 'wait',
    summary: 'wait up to this long for the circuit instead of failing fast',
    fallback: 0,
    leastMs: 0,
  }),
  noBreaker: switchSetting({
    flag: 'no-breaker',
    summary: 'ignore the circuit and record nothing in it',
    fallback: false,
  }),
  failureThreshold: countSetting({
    flag: 'failure-threshold',
    summary: 'consecutive failed operations that open the circuit',
    fallback: DEFAULT_CIRCUIT_SETTINGS.failureThreshold,
    least: 1,
    most: 1_000_000,
  }),
  successThreshold: countSetting({
    flag: 'success-threshold',
    summary: 'successful probes that close the circuit',
    fallback: DEFAULT_CIRCUIT_SETTINGS.successThreshold,
    least: 1,
    most: 1_000_000,
  }),
  openForMs: durationSetting({
    flag: 'open-for',
    summary: 'time that the circuit stays open before a probe is allowed',
    fallback: DEFAULT_CIRCUIT_SETTINGS.openForMs,
  }),
  probeLeaseMs: durationSetting({
    flag: 'probe-lease',
    summary: 'time after which a silent probe loses its slot',
    fallback: DEFAULT_CIRCUIT_SETTINGS.probeLeaseMs,
  }),
  circuitScope: textSetting({
    flag: 'circuit-scope',
    summary: 'scope in the circuit name; commands with the same scope share a circuit',
    placeholder: 'NAME',
    shownDefault: 'endpoint host or region',
    accepts: 'up to 100 letters, digits, dots, colons, underscores, hyphens and brackets',
    pattern: NAMED_SCOPE,
  }),
} as const;

/** Where the metrics go when a command ends. Null means nowhere. */
const metrics = {
  push: textSetting({
    flag: 'push',
    summary: 'Pushgateway to push the metrics to when the command ends',
    placeholder: 'URL',
    shownDefault: 'none',
    accepts: 'an http or https URL without credentials',
    shownForm: HTTP_URL,
    schemaPattern: PLAIN_HTTP_URL,
  }),
  pushMode: choiceSetting({
    flag: 'push-mode',
    summary: 'totals replace the group (PUT); deltas add this command to an aggregating gateway (POST)',
    fallback: 'totals',
    choices: ['totals', 'deltas'],
  }),
  pushJob: textSetting({
    flag: 'push-job',
    summary: 'job label of the group',
    placeholder: 'NAME',
    shownDefault: 'breakwater',
    accepts: 'text without control characters',
  }),
  pushInstance: textSetting({
    flag: 'push-instance',
    summary: 'instance label of the group; keep it stable: the gateway never expires groups',
    placeholder: 'NAME',
    shownDefault: 'host name',
    accepts: 'text without control characters',
  }),
  pushCa: textSetting({
    flag: 'push-ca',
    summary: "certificate authorities for the gateway, in PEM; by default Node's",
    placeholder: 'FILE',
    shownDefault: 'none',
    accepts: 'a file path',
    isPath: true,
  }),
  textfile: textSetting({
    flag: 'textfile',
    summary: "file for node_exporter's textfile collector, rewritten when the command ends",
    placeholder: 'FILE',
    shownDefault: 'none',
    accepts: 'a path that ends in .prom, because node_exporter reads no other file',
    isPath: true,
    // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
    pattern: /^[^\u0000-\u001f\u007f-\u009f]{0,4096}\.prom$/u,
  }),
} as const;

/** Every setting, grouped as in the help. The only source of flags, environment variables and user file keys. */
export const SETTING_GROUPS = { s3, output, metrics, retry, circuit, fleet } as const;
export const SETTING_TABLE = { ...s3, ...output, ...metrics, ...retry, ...circuit, ...fleet } as const;
