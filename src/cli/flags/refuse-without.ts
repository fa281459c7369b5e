import { BreakwaterError } from '../../errors.ts';

/**
 * Refuses flags of the command line that would be ignored, because another one is missing. As variables they are allowed.
 * @throws BreakwaterError `usage`
 */
export function refuseWithout(needed: string, flags: readonly string[], given: ReadonlySet<string>): void {
  const useless = flags.find((flag) => given.has(flag));
  if (useless === undefined) return;
  throw new BreakwaterError('usage', `--${useless} has an effect only with --${needed}`, {
    details: { hint: `add --${needed}, or leave --${useless} out` },
  });
}
