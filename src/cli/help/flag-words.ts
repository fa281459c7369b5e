import type { ManifestFlag } from './manifest.ts';

/** `-r, --recursive`, `--part-size SIZE` or `--[no-]resume`. */
export function flagTerm(flag: ManifestFlag, { hasChars }: { readonly hasChars: boolean }): string {
  const char = flag.char === undefined ? '    ' : `-${flag.char}, `;
  const value = flag.type === 'boolean' ? '' : ` ${flagValue(flag)}`;
  return `${hasChars ? char : ''}--${flag.allowNo === true ? '[no-]' : ''}${flag.name}${value}`;
}

/** The placeholder for the value of a flag. */
export function flagValue({ name, helpValue }: ManifestFlag): string {
  return helpValue ?? name.replace(/^.*-/, '').toUpperCase();
}

/** What a flag does, what it takes, and what it is by default. */
export function describeFlag(flag: ManifestFlag, { isFull }: { readonly isFull: boolean }): string {
  const { summary = '', description, options, env, helpValue } = flag;
  const given = flag.type === 'boolean' ? '' : String(flag.default ?? '');
  const facts = [
    // A placeholder such as text|json has named them.
    ...(options === undefined || helpValue !== undefined ? [] : [`one of ${options.join(', ')}`]),
    ...(given === '' ? [] : [`default ${given}`]),
    ...(flag.multiple === true ? ['repeatable'] : []),
    ...(isFull && env !== undefined ? [env] : []),
  ];
  const text = isFull && description !== undefined ? `${summary}: ${description}` : summary;
  return facts.length === 0 ? text : `${text} (${facts.join('; ')})`;
}
