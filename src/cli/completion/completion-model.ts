import { flagValue } from '../help/flag-words.ts';
import { listCommands, listFlags, type CommandManifest, type ManifestCommand } from '../help/manifest.ts';

/** What `breakwater completion --list` prints. */
export const LISTED = ['circuits', 'profiles', 'buckets'] as const;

export type Listed = (typeof LISTED)[number];

/** What can stand in a place: fixed words, names of files, or what this machine knows. */
export type Completed = Listed | 'files' | 'directories' | readonly string[];

export interface CompletedFlag {
  /** With dashes. */
  readonly name: string;
  readonly char: string | null;
  readonly summary: string;
  readonly isRepeatable: boolean;
  /** Null for a switch. */
  readonly value: { readonly name: string; readonly completed: Completed | null } | null;
}

export interface CompletedCommand {
  readonly id: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** The first argument. */
  readonly first: readonly Completed[];
  /** Every further argument. */
  readonly rest: readonly Completed[];
}

const HELP_FLAGS: readonly CompletedFlag[] = [
  ['--help', 'show what the command takes'],
  ['--help-all', 'explain every flag'],
].map(([name = '', summary = '']) => ({ name, char: null, summary, isRepeatable: false, value: null }));

/** What each shell completes, from oclif.manifest.json. */
export function modelCompletion(manifest: CommandManifest): readonly CompletedCommand[] {
  return listCommands(manifest).map((command) => ({
    id: command.id,
    summary: command.summary,
    flags: [...listFlags(command).flatMap(modelFlag), ...HELP_FLAGS],
    ...modelArguments(command),
  }));
}

function modelFlag(flag: ReturnType<typeof listFlags>[number]): readonly CompletedFlag[] {
  const { name, char = null, summary = '', multiple: isRepeatable = false } = flag;
  const value = flag.type === 'boolean' ? null : { name: flagValue(flag), completed: modelValue(flag) };
  const modelled = { name: `--${name}`, char, summary, isRepeatable, value };
  return flag.allowNo === true ? [modelled, { ...modelled, name: `--no-${name}`, char: null }] : [modelled];
}

function modelValue(flag: ReturnType<typeof listFlags>[number]): Completed | null {
  const { name, options, helpValue = '' } = flag;
  if (options !== undefined) return options;
  if (helpValue.includes('|')) return helpValue.split('|');
  if (name === 'profile') return 'profiles';
  if (helpValue === 'DIR') return 'directories';
  return helpValue === 'FILE' || helpValue === 'MANIFEST' ? 'files' : null;
}

function modelArguments({ args }: ManifestCommand): Pick<CompletedCommand, 'first' | 'rest'> {
  const [first, ...others] = Object.values(args).map((argument) => ({
    isMultiple: argument.multiple === true,
    completed: modelArgument(argument),
  }));
  if (first === undefined) return { first: [], rest: [] };
  const rest = [...(first.isMultiple ? [first] : []), ...others];
  return { first: first.completed, rest: rest.flatMap(({ completed }) => completed) };
}

function modelArgument({ name, description = '', options }: ManifestCommand['args'][string]): readonly Completed[] {
  if (options !== undefined) return [options];
  if (name === 'circuit') return ['circuits'];
  if (name === 'bucket' || description.includes('s3://')) return ['buckets'];
  return description.includes('file') ? ['files'] : [];
}
