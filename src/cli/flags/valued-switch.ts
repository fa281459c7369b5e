import type { FlagInput } from '@oclif/core/interfaces';
import { BreakwaterError } from '../../errors.ts';
import { refuseValue, type Environment } from '../settings/resolve-settings.ts';
import { parseSwitch } from '../settings/setting.ts';

type Flag = FlagInput[string];

/**
 * Refuses a variable of a switch that says neither yes nor no: the parser would take `BREAKWATER_DRY_RUN=on` for no.
 * @param flags of the command itself; settings have their own check
 * @throws BreakwaterError `config`
 */
export function refuseUnclearVariable(flags: FlagInput, given: ReadonlySet<string>, env: Environment): void {
  for (const [name, { type, env: variable = '' }] of Object.entries(flags)) {
    const value = env[variable] ?? '';
    if (type !== 'boolean' || value === '' || given.has(name) || parseSwitch(value) !== undefined) continue;
    throw refuseValue({ name: variable, value, accepts: 'true or false', code: 'config' });
  }
}

/**
 * Refuses `--json=false`: the parser takes no value for a switch, and would read the rest of the word as an argument.
 * @throws BreakwaterError `usage`, without the value, and with how to switch the flag off if that can be done
 */
export function refuseValuedSwitch(words: readonly string[], flags: FlagInput): void {
  let isValue = false;
  for (const word of words) {
    if (isValue) {
      isValue = false;
      continue;
    }
    if (word === '--') return;
    if (!/^-./s.test(word)) continue;
    const [help] = /^(?:--help|--help-all|--version|-h)(?==)/.exec(word) ?? [];
    if (help !== undefined) throw refuse({ name: help, off: null });
    const { switched, takesNext } = word.startsWith('--') ? readLong(word, flags) : readShort(word, flags);
    if (switched !== null) throw refuse({ name: switched.name, off: findOff(switched.name, switched.flag) });
    isValue = takesNext;
  }
}

interface Read {
  /** A switch that has a value, as it is written. */
  readonly switched: { readonly name: string; readonly flag: Flag } | null;
  /** Whether the next word is the value of a flag. */
  readonly takesNext: boolean;
}

function readLong(word: string, flags: FlagInput): Read {
  const [name = '', value] = word.split('=', 2);
  const flag = find(
    flags,
    (key, candidate) => name === `--${key}` || (name === `--no-${key}` && isNegatable(candidate)),
  );
  const isSwitched = flag?.type === 'boolean' && value !== undefined;
  return {
    switched: isSwitched ? { name, flag } : null,
    takesNext: flag?.type === 'option' && value === undefined,
  };
}

/** Several switches may be one word: `-ry`. */
function readShort(word: string, flags: FlagInput): Read {
  for (let at = 1; at < word.length; at += 1) {
    const char = word[at];
    const flag = find(flags, (_key, candidate) => candidate.char === char);
    if (flag?.type !== 'boolean') return { switched: null, takesNext: flag !== null && at === word.length - 1 };
    if (word[at + 1] === '=') return { switched: { name: `-${char}`, flag }, takesNext: false };
  }
  return { switched: null, takesNext: false };
}

function find(flags: FlagInput, isMeant: (key: string, flag: Flag) => boolean): Flag | null {
  return Object.entries(flags).find(([key, flag]) => isMeant(key, flag))?.[1] ?? null;
}

function refuse({ name, off }: { readonly name: string; readonly off: string | null }): BreakwaterError {
  return new BreakwaterError('usage', `${name} takes no value`, {
    details: { hint: `write ${name} alone${off === null ? '' : `; ${off} switches it off`}` },
  });
}

function isNegatable(flag: Flag): boolean {
  return flag.type === 'boolean' && flag.allowNo;
}

/** What switches it off, also where the environment or the config file switches it on; null if nothing does. */
function findOff(name: string, flag: Flag): string | null {
  if (isNegatable(flag)) return name.startsWith('--no-') ? null : name.replace(/^--/, '--no-');
  return flag.env === undefined ? null : `${flag.env}=0`;
}
