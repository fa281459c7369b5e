import { stripVTControlCharacters } from 'node:util';
import { CLIError } from '@oclif/core/errors';
import type { FlagInput } from '@oclif/core/interfaces';
import { BreakwaterError } from '../../errors.ts';
import { maskCredentials, quoteGiven } from '../../mask-credentials.ts';
import { escapeControls } from '../../escape.ts';
import { FlagRefused } from './flags.ts';
import { isS3Url } from './s3-url.ts';
import type { Environment } from '../settings/resolve-settings.ts';
import { environmentName } from '../settings/setting-keys.ts';
import { SETTING_TABLE } from '../settings/setting-table.ts';
import { findNearestWord } from '../../ui/nearest-word.ts';

interface UsageContext {
  readonly command: string | null;
  /** Flags of the command, without dashes. */
  readonly flags: readonly string[];
}

/**
 * Turns anything thrown into a user-facing error. A parser error of oclif becomes `usage`, without its values, which
 * may be secrets passed to the wrong flag. Anything unexpected becomes `internal`.
 */
export function toBreakwaterError(error: unknown, context: UsageContext): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  if (error instanceof FlagRefused) return error.refusal;
  if (error instanceof CLIError) return usageError(error, context);
  if (error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd') return lostDirectoryError(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new BreakwaterError('internal', `unexpected ${escapeControls(text).slice(0, 500)}`, {
    cause: error,
    details: { hint: 'run it again with --verbose and report the output' },
  });
}

interface GivenFlags {
  /** The command's own, with their variables. */
  readonly flags: FlagInput;
  readonly words: readonly string[];
  readonly env: Environment;
}

/** The error, with the variable in place of a flag that it refuses and that no word names: there is where the value is. */
export function nameVariables(error: BreakwaterError, { flags, words, env }: GivenFlags): BreakwaterError {
  const { code, message, details } = error;
  const [, name = ''] = /^(?:(?:expected|flag) )?--([a-z][a-z-]*)/.exec(message) ?? [];
  const { env: variable = '', char = '' } = Object.hasOwn(flags, name) ? (flags[name] ?? {}) : {};
  const isShort = (word: string): boolean => char !== '' && /^-[^-]/.test(word) && word.includes(char);
  const isGiven = words.some((word) => word.split('=', 1)[0] === `--${name}` || isShort(word));
  if (variable === '' || isGiven || (env[variable] ?? '') === '') return error;
  const hint = details.hint?.replace(`fix --${name}`, () => `fix ${variable}`);
  return new BreakwaterError(
    code,
    message.replace(`--${name}`, () => variable),
    {
      cause: error.cause,
      details: { ...details, ...(hint === undefined ? {} : { hint }) },
    },
  );
}

/** Every relative path needs the working directory. */
function lostDirectoryError(cause: Error): BreakwaterError {
  return new BreakwaterError('local_io', 'the working directory does not exist any more', {
    cause,
    details: { hint: 'change to a directory that exists, or use absolute paths' },
  });
}

/** The error for flags that do not exist, with what may have been meant; without their values. */
export function unknownFlags(unknown: readonly string[], { command, flags }: UsageContext): BreakwaterError {
  const help = `see breakwater ${command === null ? '' : `${command} `}--help`;
  const names = unknown.map((flag) => escapeControls(flag.split('=', 1)[0] ?? '').slice(0, 60));
  const [first = ''] = names;
  const off = flags.find((flag) => first === `--no-${flag}`);
  const setting = names.length === 1 && command !== null && off === undefined ? names.find(isSetting) : undefined;
  if (setting !== undefined) return refuse(`${setting} has no effect on ${command}`, `leave it out; ${help}`);
  const advice = off === undefined ? adviseFlag(first, flags) : adviseOff(off);
  return refuse(
    `unknown flag${names.length === 1 ? '' : 's'} ${names.join(', ')}`,
    advice === null ? help : `${advice} ${help}`,
  );
}

/** What other programs mean by a letter; `--version` stands before no command. */
const SHORT_FORMS: Readonly<Record<string, readonly string[]>> = {
  '-n': ['dry-run'],
  '-q': ['quiet'],
  '-v': ['verbose', 'version'],
  '-V': ['version'],
};

function adviseFlag(name: string, flags: readonly string[]): string | null {
  const forms = (SHORT_FORMS[name] ?? []).filter((flag) => flags.includes(flag));
  if (forms.length > 0) return `did you mean ${forms.map((flag) => `--${flag}`).join(' or ')}?`;
  if (name === '-V') return 'for the version: breakwater --version;';
  const near = findNearestWord(name.replace(/^--?/, ''), flags);
  return near === null ? null : `did you mean --${near}?`;
}

function adviseOff(flag: string): string {
  const variable = isSetting(`--${flag}`) ? `, or set ${environmentName(flag)}=0` : '';
  return `leave --${flag} out${variable};`;
}

/** A flag of other commands, which users may put before any of them. */
function isSetting(name: string): boolean {
  return Object.values(SETTING_TABLE).some(({ flag }) => name === `--${flag}` || name === `--no-${flag}`);
}

function usageError(error: CLIError, { command, flags }: UsageContext): BreakwaterError {
  const help = `see breakwater ${command === null ? '' : `${command} `}--help`;
  const unknown = readStrings(error, 'flags');
  if (unknown.length > 0) return unknownFlags(unknown, { command, flags });
  if ('args' in error && Array.isArray(error.args)) {
    const missing = findMissing(error, error.args);
    if (missing.length > 0) return refuse(`missing argument ${missing.join(' ').toUpperCase()}`, help);
    return refuse(`${error.args.length} argument${error.args.length === 1 ? '' : 's'} too many`, help);
  }
  const [head = '', ...more] = error.message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !line.startsWith('See more help'));
  // oclif dims these lines where colours are shown.
  const isList = /^The following errors? occurred:$/.test(head);
  const text = isList
    ? [...new Set(more.map((line) => sayConstraint(stripVTControlCharacters(line))))].join('; ')
    : sayRefusal([head, ...more].join(' '));
  return refuse(`${text.charAt(0).toLowerCase()}${text.slice(1)}`, help);
}

function refuse(message: string, hint: string): BreakwaterError {
  return new BreakwaterError('usage', message, { details: { hint } });
}

function readStrings(error: object, field: string): readonly string[] {
  const value: unknown = Reflect.get(error, field);
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/**
 * The names of the missing arguments. The parser fills an argument that takes several words last, so with one word it
 * misses the source of `put FILE`, which lacks its destination. Only a URL is the destination already.
 */
function findMissing(error: object, args: readonly unknown[]): readonly string[] {
  const names = args.flatMap((argument) => readName(argument));
  const [first] = args;
  const isSeveral = typeof first === 'object' && first !== null && Reflect.get(first, 'multiple') === true;
  const { given, known } = readParse(error);
  const [word, ...others] = given;
  if (names.length !== 1 || !isSeveral || word === undefined || others.length > 0 || isS3Url(word)) return names;
  return known.slice(-1);
}

/** The words that the parser took for arguments, and the names of all arguments, in order. */
function readParse(error: object): { readonly given: readonly string[]; readonly known: readonly string[] } {
  const { output, input } = readObject(error, 'parse');
  const argv = readObject({ output }, 'output')['argv'];
  const given = Array.isArray(argv) ? argv.filter((word): word is string => typeof word === 'string') : [];
  return { given, known: Object.keys(readObject(readObject({ input }, 'input'), 'args')) };
}

function readObject(from: object, field: string): Readonly<Record<string, unknown>> {
  const value: unknown = Reflect.get(from, field);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function readName(argument: unknown): readonly string[] {
  if (typeof argument !== 'object' || argument === null || !('name' in argument)) return [];
  return typeof argument.name === 'string' ? [argument.name] : [];
}

/** Flags that exclude or need each other, without their values. */
function sayConstraint(line: string): string {
  const [, one, other] = /^--([a-z-]+)=.* cannot also be provided when using --([a-z-]+)$/s.exec(line) ?? [];
  if (one !== undefined) return `--${one} cannot be combined with --${other}`;
  const [, flag, needed] = /^All of the following must be provided when using --([a-z-]+): (.*)$/.exec(line) ?? [];
  return flag === undefined ? sayRefusal(line) : `--${flag} has an effect only with ${needed}`;
}

function sayRefusal(said: string): string {
  // A refused choice: the rules for credentials apply to the value alone.
  const [, start = '', value = '', rest = ''] = /^(Expected )(.+?)( to be one of: .*)$/s.exec(said) ?? [];
  return value === '' ? escapeControls(maskCredentials(said)) : `${start}${quoteChoice(value)}${rest}`;
}

/** `--format=VALUE`, or an argument's value. */
function quoteChoice(choice: string): string {
  const [, flag = '', value = choice] = /^(--[a-z][a-z-]*=)(.*)$/s.exec(choice) ?? [];
  return `${flag}${quoteGiven(value).slice(1, -1)}`;
}
