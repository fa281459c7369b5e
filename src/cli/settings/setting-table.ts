import { DEFAULT_CIRCUIT_SETTINGS } from '../../circuit/circuit.ts';
import { DEFAULT_RETRY_SETTINGS } from '../../retry/decide-retry.ts';
import { choiceSetting, countSetting, durationSetting, switchSetting, textSetting } from './setting.ts';

const NOT_CONTROL = /^[^\p{Cc}]{1,4096}$/u;

/** Where S3 is, and whose it is. Null: as the AWS settings say. */
const s3 = {
  endpointUrl: textSetting({
    flag: 'endpoint-url',
    summary: 'S3 endpoint, for another store than AWS',
    placeholder: 'URL',
    shownDefault: 'AWS settings',
    accepts: 'an http or https URL without credentials',
    pattern: NOT_CONTROL,
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
    pattern: NOT_CONTROL,
  }),
  pathStyle: switchSetting({
    flag: 'path-style',
    summary: 'bucket in the path instead of the host name; by default only with an endpoint URL',
    fallback: null,
    isNegatable: true,
  }),
} as const;

const output = {
  stateDirectory: textSetting({
    flag: 'state-dir',
    summary: 'directory of circuits and metrics, shared by all who use it',
    placeholder: 'DIR',
    shownDefault: '$XDG_STATE_HOME/breakwater',
    accepts: 'a directory path',
    pattern: NOT_CONTROL,
  }),
  json: switchSetting({ flag: 'json', summary: 'print exactly one JSON document on stdout', fallback: false }),
  quiet: switchSetting({ flag: 'quiet', summary: 'print nothing on stderr but errors', fallback: false }),
  verbose: switchSetting({
    flag: 'verbose',
    summary: 'show every failed attempt and ignored result, and the stack of unexpected errors',
    fallback: false,
  }),
  noColor: switchSetting({ flag: 'no-color', summary: 'no colours, also on a terminal', fallback: false }),
  ascii: switchSetting({
    flag: 'ascii',
    summary: 'draw bars and lamps with ASCII alone; so it is too where the locale is not UTF-8',
    fallback: false,
  }),
  logFormat: choiceSetting({
    flag: 'log-format',
    summary: 'form of the lines on stderr',
    fallback: 'text',
    choices: ['text', 'json'],
  }),
} as const;

const retry = {
  retries: countSetting({
    flag: 'retries',
    summary: 'retries after the first try',
    fallback: DEFAULT_RETRY_SETTINGS.retries,
    least: 0,
    most: 100,
  }),
  retryBaseMs: durationSetting({
    flag: 'retry-base',
    summary: 'wait before the first retry; it doubles each time',
    fallback: DEFAULT_RETRY_SETTINGS.baseMs,
    leastMs: 0,
  }),
  retryJitter: choiceSetting({
    flag: 'retry-jitter',
    summary: 'randomness of the waits; full: from 0 to the computed wait',
    fallback: DEFAULT_RETRY_SETTINGS.jitter,
    choices: ['none', 'full'],
  }),
  requestTimeoutMs: durationSetting({
    flag: 'request-timeout',
    summary: 'longest wait from the last byte sent to the first byte of the answer',
    fallback: 60_000,
    leastMs: 1,
  }),
  connectTimeoutMs: durationSetting({
    flag: 'connect-timeout',
    summary: 'longest wait for a connection',
    fallback: 5000,
    leastMs: 1,
  }),
  stallTimeoutMs: durationSetting({
    flag: 'stall-timeout',
    summary: 'longest time that a body may make no progress, either way',
    fallback: 30_000,
    leastMs: 1,
  }),
  deadlineMs: durationSetting({
    flag: 'deadline',
    summary: 'time for the whole command, waits included',
    fallback: null,
    leastMs: 1,
    shownDefault: 'none',
  }),
} as const;

const circuit = {
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
    summary: 'time open before a probe is admitted',
    fallback: DEFAULT_CIRCUIT_SETTINGS.openForMs,
    leastMs: 1,
  }),
  probeLeaseMs: durationSetting({
    flag: 'probe-lease',
    summary: 'time after which the slot of a silent probe is free again',
    fallback: DEFAULT_CIRCUIT_SETTINGS.probeLeaseMs,
    leastMs: 1,
  }),
  circuitScope: textSetting({
    flag: 'circuit-scope',
    summary: 'place that the circuit stands for',
    placeholder: 'NAME',
    shownDefault: 'endpoint host or region',
    accepts: 'up to 100 letters, digits, dots, colons, underscores, hyphens and brackets',
    pattern: /^[A-Za-z0-9._:[\]-]{1,100}$/,
  }),
  noBreaker: switchSetting({
    flag: 'no-breaker',
    summary: 'go through whatever the circuit says, and record nothing in it',
    fallback: false,
  }),
  waitMs: durationSetting({
    flag: 'wait',
    summary: 'wait that long for the circuit instead of failing fast',
    fallback: 0,
    leastMs: 0,
  }),
} as const;

/** Where the metrics go at the end of a command that has measured something. Null: nowhere. */
const metrics = {
  push: textSetting({
    flag: 'push',
    summary: 'Pushgateway to send the metrics to when the command ends',
    placeholder: 'URL',
    shownDefault: 'none',
    accepts: 'an http or https URL without credentials',
    pattern: NOT_CONTROL,
  }),
  pushMode: choiceSetting({
    flag: 'push-mode',
    summary: 'totals replace the group (PUT); deltas of this command are for aggregating gateways (POST)',
    fallback: 'totals',
    choices: ['totals', 'deltas'],
  }),
  pushJob: textSetting({
    flag: 'push-job',
    summary: 'job of the group',
    placeholder: 'NAME',
    shownDefault: 'breakwater',
    accepts: 'a text without control characters',
    pattern: NOT_CONTROL,
  }),
  pushInstance: textSetting({
    flag: 'push-instance',
    summary: 'instance of the group; must be stable, for a gateway forgets no group',
    placeholder: 'NAME',
    shownDefault: 'host name',
    accepts: 'a text without control characters',
    pattern: NOT_CONTROL,
  }),
  pushCa: textSetting({
    flag: 'push-ca',
    summary: "certificate authorities of the gateway, in PEM; Node's by default",
    placeholder: 'FILE',
    shownDefault: 'none',
    accepts: 'a file path',
    pattern: NOT_CONTROL,
  }),
  textfile: textSetting({
    flag: 'textfile',
    summary: "file of node_exporter's textfile collector to refresh when the command ends",
    placeholder: 'FILE',
    shownDefault: 'none',
    accepts: 'a file path',
    pattern: NOT_CONTROL,
  }),
} as const;

/** Every setting there is, by the group that help shows it in. The one source of flags, environment and user file. */
export const SETTING_GROUPS = { s3, output, metrics, retry, circuit } as const;
export const SETTING_TABLE = { ...s3, ...output, ...metrics, ...retry, ...circuit } as const;
