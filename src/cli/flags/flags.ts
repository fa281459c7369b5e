import { boolean, custom, string } from '@oclif/core/flags';
import type { FlagInput, OptionFlag } from '@oclif/core/interfaces';
import type { BreakwaterError } from '../../errors.ts';
import { DURATION_FORMS, formatDuration, parseDuration } from '../../duration.ts';
import { keepBetween, parseCount, type Setting } from '../settings/setting.ts';
import { SETTING_GROUPS } from '../settings/setting-table.ts';
import { refuseValue } from '../settings/resolve-settings.ts';
import { environmentName } from '../settings/setting-keys.ts';
import { formatSize, parseSize, SIZE_FORMS } from './values.ts';

const GROUP_TITLES = {
  s3: 'S3',
  output: 'GLOBAL',
  metrics: 'METRICS',
  retry: 'RETRY AND TIME',
  circuit: 'CIRCUIT',
  fleet: 'FLEET',
} as const;

/** S3, state, output and metrics: `baseFlags` of a command that chooses none. */
export const globalFlags: FlagInput = { ...flagsOf('s3'), ...flagsOf('output'), ...flagsOf('metrics') };

/** `baseFlags` of a command that asks no store, and knows no circuit by its place: state, output and metrics. */
export const localFlags: FlagInput = { ...flagsOf('output'), ...flagsOf('metrics') };

/** Circuits are named by endpoint and region, however buckets are addressed. */
const { [SETTING_GROUPS.s3.pathStyle.flag]: _pathStyle, ...placeFlags } = globalFlags;

const { fleet: _fleet, ...fleetAccess } = SETTING_GROUPS.fleet;

/** `baseFlags` of a command that shows circuits: adds the scope that bare names refer to, and the fleet. */
export const circuitFlags: FlagInput = {
  ...placeFlags,
  [SETTING_GROUPS.circuit.circuitScope.flag]: flagOf(SETTING_GROUPS.circuit.circuitScope, GROUP_TITLES.circuit),
  ...flagsOf('fleet'),
};

/** `baseFlags` of a command that changes circuits. Its own `--fleet` is a switch: the URL is set elsewhere. */
export const changeFlags: FlagInput = {
  ...placeFlags,
  ...Object.fromEntries(
    Object.values<Setting<unknown>>(fleetAccess).map((setting) => [setting.flag, flagOf(setting, GROUP_TITLES.fleet)]),
  ),
};

/** `baseFlags` of a command that sends requests without a circuit: adds retries, timeouts and the deadline. */
export const requestFlags: FlagInput = { ...globalFlags, ...flagsOf('retry') };

/** `baseFlags` of a command that sends guarded requests: adds circuit and fleet. */
export const transferFlags: FlagInput = { ...requestFlags, ...flagsOf('circuit'), ...flagsOf('fleet') };

/** `baseFlags` of a command whose lock holds over a fleet. It has no circuit, so no quorum. */
export const lockedFlags: FlagInput = Object.fromEntries(
  Object.entries({ ...requestFlags, ...flagsOf('fleet') }).filter(
    ([name]) => name !== SETTING_GROUPS.fleet.fleetQuorum.flag,
  ),
);

/** `--fleet` of a command that changes circuits: of all hosts, instead of this one. */
export const fleetSwitch = boolean({
  summary: 'for all hosts of the fleet that BREAKWATER_FLEET or the config file names',
  helpGroup: GROUP_TITLES.fleet,
});

/** Carries the error through oclif's parser, which rewrites the message of any other error. */
export class FlagRefused extends Error {
  readonly refusal: BreakwaterError;

  constructor(refusal: BreakwaterError) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
  }
}

interface ValueFlagOptions {
  readonly summary: string;
  /** What only `--help-all` and the manual say. */
  readonly description?: string;
  readonly helpValue?: string;
  /** Bounds in ms, bytes or units, inclusive. */
  readonly least?: number;
  readonly most?: number;
  readonly default?: number;
  readonly helpGroup?: string;
}

/** A flag with a time in ms. */
export function durationFlag(options: ValueFlagOptions): OptionFlag<number | undefined> {
  return valueFlag(options, {
    placeholder: 'DURATION',
    forms: DURATION_FORMS,
    parse: parseDuration,
    format: formatDuration,
  });
}

/** A flag with a size in bytes. */
export function sizeFlag(options: ValueFlagOptions): OptionFlag<number | undefined> {
  return valueFlag(options, { placeholder: 'SIZE', forms: SIZE_FORMS, parse: parseSize, format: formatSize });
}

/** A flag with a whole number. */
export function countFlag(options: ValueFlagOptions): OptionFlag<number | undefined> {
  return valueFlag(options, { placeholder: 'N', forms: 'a whole number', parse: parseCount, format: String });
}

/** A text flag that may be repeated, with one value each time. */
export function repeatedFlag(words: {
  readonly summary: string;
  /** What only `--help-all` and the manual say. */
  readonly description?: string;
  readonly helpValue: string;
  readonly helpGroup?: string;
}) {
  return string({ ...words, multiple: true, multipleNonGreedy: true });
}

/** Gives each flag of one command its environment variable: `BREAKWATER_` plus its name. */
export function withEnvironment<T extends FlagInput>(flags: T): T {
  const named = Object.entries(flags).map(([name, flag]) => [name, { ...flag, env: environmentName(name) }]);
  // Same keys and flags; each flag gains one field.
  return Object.fromEntries(named) as T;
}

interface ValueForm {
  readonly placeholder: string;
  readonly forms: string;
  readonly parse: (text: string) => number | undefined;
  readonly format: (value: number) => string;
}

function valueFlag(options: ValueFlagOptions, form: ValueForm): OptionFlag<number | undefined> {
  const {
    least = 0,
    most = Number.MAX_SAFE_INTEGER,
    default: fallback,
    helpValue = form.placeholder,
    ...rest
  } = options;
  const bounds = [
    options.least === undefined ? '' : `, at least ${form.format(least)}`,
    options.most === undefined ? '' : `, at most ${form.format(most)}`,
  ].join('');
  return custom<number>({
    parse: async (text, _context, { name }) => {
      const value = keepBetween(form.parse(text), { least, most });
      if (value === undefined) {
        throw new FlagRefused(refuseValue({ name: `--${name}`, value: text, accepts: `${form.forms}${bounds}` }));
      }
      return await Promise.resolve(value);
    },
    ...(fallback === undefined
      ? {}
      : { default: fallback, defaultHelp: async () => await Promise.resolve(form.format(fallback) as never) }),
    ...rest,
    helpValue,
  })();
}

function flagsOf(group: keyof typeof SETTING_GROUPS): FlagInput {
  const settings: readonly Setting<unknown>[] = Object.values(SETTING_GROUPS[group]);
  return Object.fromEntries(settings.map((setting) => [setting.flag, flagOf(setting, GROUP_TITLES[group])]));
}

/**
 * The flag of a setting accepts any text, because resolve-settings.ts parses flag, environment and file together. `env`
 * and the default only appear in the help.
 */
function flagOf({ flag, summary, placeholder, shownDefault, isNegatable }: Setting<unknown>, helpGroup: string) {
  const words = { summary, env: environmentName(flag), helpGroup };
  if (placeholder === null) return boolean({ ...words, allowNo: isNegatable ?? false });
  return string({
    ...words,
    helpValue: placeholder,
    ...(shownDefault === null ? {} : { defaultHelp: async () => await Promise.resolve(shownDefault) }),
  });
}
