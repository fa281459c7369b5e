import { BreakwaterError } from '../../errors.ts';
import { PATTERN_CHARACTER } from '../../transfer/transfer-context.ts';
import type { Environment } from '../settings/resolve-settings.ts';
import { environmentName } from '../settings/setting-keys.ts';
import { localFlags, transferFlags } from './flags.ts';

/** A parsed command line. */
export interface GivenLine {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** By name, also those of the environment. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Names of the flags on the line. As variables, all are allowed: they are meant for several commands. */
  readonly given: ReadonlySet<string>;
  /** Whether a flag, the environment or the config file names these. */
  readonly isSet: { readonly push: boolean; readonly fleet: () => boolean };
  readonly env: Environment;
}

/**
 * Refuses a flag of the command line that would have no effect beside the others.
 * @throws BreakwaterError `usage`
 */
export function refuseIgnored(line: GivenLine): void {
  RULES[line.command]?.(line);
  if (!TAKES_DETAILS.has(line.command)) refuseWithoutTarget(line);
}

const RULES: Readonly<Record<string, (line: GivenLine) => void>> = {
  'breaker-reset': ({ args, given }) => {
    if (hasWords(args['circuit'])) refuseBeside('the name of a circuit', ['all'], given);
  },
  'breaker-status': ({ flags, given }) => {
    if (flags['watch'] !== true) refuseWithout('watch', ['read-only'], given);
  },
  config: ({ flags, given }) => {
    if (flags['schema'] === true) refuseBeside('--schema', NOT_IN_SCHEMA, given);
  },
  get: ({ args, flags, given }) => {
    const isPattern = flags['version-id'] === undefined && PATTERN_CHARACTER.test(String(args['source']));
    if (flags['recursive'] !== true && !isPattern) refuseWithout('recursive', ['include', 'exclude'], given);
    if (args['dest'] === '-') refuseBeside('standard output', ['fsync'], given);
    if (given.has('no-clobber')) refuseBeside('--no-clobber', ['again'], given);
  },
  metrics: refuseForMetrics,
  put: ({ args, given }) => {
    const { source } = args;
    const isStandardInput = Array.isArray(source) && source[0] === '-';
    if (isStandardInput) refuseBeside('standard input', ['recursive', 'include', 'exclude'], given);
  },
  sweep: ({ flags, given }) => {
    // Without both ages, the age is what is missing.
    const isForUploads = flags['older-than'] === undefined && flags['abort-uploads'] !== undefined;
    if (isForUploads) refuseWithout('older-than', FOR_OBJECTS, given);
    const list = ['keys-from', 'inventory'].find((name) => flags[name] !== undefined);
    if (list !== undefined) refuseBeside(`--${list}`, ['list-concurrency'], given);
  },
};

/** What shows the settings, and what moves bytes: no backup is missed because only its metrics or its fleet are not set. */
const TAKES_DETAILS: ReadonlySet<string> = new Set(['config', 'doctor', 'put', 'get', 'sweep']);

/** Settings, which the schema does not depend on. */
const NOT_IN_SCHEMA = Object.keys(transferFlags).filter((name) => !Object.hasOwn(localFlags, name));

/** What has no effect on unfinished uploads. */
const FOR_OBJECTS = [
  'keys-from',
  'inventory',
  'versions',
  'min-size',
  'max-size',
  'list-concurrency',
  'max-delete',
  'max-bytes',
  'report',
  'unconditional',
];

/** A run does one thing: reset, serve, push and write, or print. */
function refuseForMetrics({ flags: { reset, serve, format }, given }: GivenLine): void {
  const outlet = ['push', 'textfile'].find((name) => given.has(name));
  const isOther = reset === true || serve === true;
  // What is pushed and written is in this format.
  const hasItsFormat = !isOther && format === 'prometheus';
  const ignored = [...(isOther ? [outlet] : []), ...(hasItsFormat ? [] : ['format'])].find(
    (name) => name !== undefined && given.has(name),
  );
  const mode = reset === true ? 'reset' : serve === true ? 'serve' : outlet;
  if (mode !== undefined && ignored !== undefined) {
    throw new BreakwaterError('usage', `--${mode} only ${MODES[mode]}: --${ignored} would be ignored`, {
      details: { hint: `run metrics --${ignored} by itself` },
    });
  }
  if (serve !== true) refuseWithout('serve', ['listen', 'allow-host'], given);
  if (reset !== true) refuseWithout('reset', ['yes'], given);
}

const MODES: Readonly<Record<string, string>> = {
  reset: 'resets',
  serve: 'serves',
  push: 'pushes',
  textfile: 'writes a file',
};

function hasWords(argument: unknown): boolean {
  return Array.isArray(argument) && argument.length > 0;
}

/** Because another flag is missing. */
function refuseWithout(needed: string, flags: readonly string[], given: ReadonlySet<string>): void {
  const useless = flags.find((flag) => given.has(flag));
  if (useless === undefined) return;
  throw new BreakwaterError('usage', `--${useless} has an effect only with --${needed}`, {
    details: { hint: `add --${needed}, or leave --${useless} out` },
  });
}

/** Because of another flag or an argument, as it is named to users. */
function refuseBeside(other: string, flags: readonly string[], given: ReadonlySet<string>): void {
  const useless = flags.find((flag) => given.has(flag));
  if (useless === undefined) return;
  throw new BreakwaterError('usage', `--${useless} has no effect with ${other}`, {
    details: { hint: 'leave out one of them' },
  });
}

/** Flags about a push or a fleet, where there is none. An empty variable says that this is meant: a CI step may have none. */
function refuseWithoutTarget({ given, isSet, env }: GivenLine): void {
  for (const target of ['push', 'fleet'] as const) {
    const useless = [...given].find((flag) => flag.startsWith(`${target}-`));
    const variable = environmentName(target);
    const isMeant = env[variable] === '' || (target === 'push' ? isSet.push : isSet.fleet());
    if (useless === undefined || isMeant) continue;
    throw new BreakwaterError('usage', `--${useless} has an effect only where a ${target} is set`, {
      details: { hint: `set ${variable} to its URL, or leave --${useless} out` },
    });
  }
}
