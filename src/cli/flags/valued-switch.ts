import type { FlagInput } from '@oclif/core/interfaces';
import { BreakwaterError } from '../../errors.ts';

type Flag = FlagInput[string];

/**
 * Refuses `--json=false`: the parser takes no value for a switch, and would read the rest of the word as an argument.
 * @throws BreakwaterError `usage`, without the value, and with how to switch the flag off if that can be done
 */
export function refuseValuedSwitch(words: readonly string[], flags: FlagInput): void {
  if (!words.some((word) => /^-.*=/s.test(word))) return;
  let isValue = false;
  for (const word of words) {
    if (isValue) {
      isValue = false;
      continue;
    }
    if (word === '--') return;
    if (!/^-./s.test(word)) continue;
    const { switched, takesNext } = word.startsWith('--') ? readLong(word, flags) : readShort(word, flags);
    if (switched !== null) throw refuse(switched);
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

function refuse({ name, flag }: NonNullable<Read['switched']>): BreakwaterError {
  const off = findOff(name, flag);
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
