import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What oclif.manifest.json says of a flag: the source of help, manual pages and completions. */
export interface ManifestFlag {
  readonly name: string;
  readonly char?: string;
  readonly summary?: string;
  /** What the summary leaves out; only in `--help-all` and the manual page. */
  readonly description?: string;
  /** Absent: a flag of the command itself. */
  readonly helpGroup?: string;
  readonly helpValue?: string;
  readonly options?: readonly string[];
  readonly default?: string | number | boolean | readonly string[];
  readonly env?: string;
  readonly allowNo?: boolean;
  readonly hidden?: boolean;
  readonly multiple?: boolean;
  readonly type: 'boolean' | 'option';
}

export interface ManifestArgument {
  readonly name: string;
  readonly description?: string;
  readonly multiple?: boolean;
  readonly options?: readonly string[];
}

export interface ManifestCommand {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Without the program: `put SOURCE... DEST [FLAGS]`. */
  readonly usage: string;
  readonly hidden?: boolean;
  readonly examples?: readonly { readonly description: string; readonly command: string }[];
  readonly args: Readonly<Record<string, ManifestArgument>>;
  readonly flags: Readonly<Record<string, ManifestFlag>>;
}

export interface CommandManifest {
  readonly version: string;
  readonly commands: Readonly<Record<string, ManifestCommand>>;
}

/** The commands that a user should see: those to transfer objects first, then by name. */
export function listCommands({ commands }: Pick<CommandManifest, 'commands'>): readonly ManifestCommand[] {
  const shown = Object.values(commands).filter(({ hidden }) => hidden !== true);
  return shown.toSorted((a, b) => rank(a.id) - rank(b.id) || (a.id < b.id ? -1 : 1));
}

const FIRST: readonly string[] = ['put', 'get', 'sweep'];

function rank(id: string): number {
  return FIRST.includes(id) ? FIRST.indexOf(id) : FIRST.length;
}

/** The flags that a user should see, in the order in which they are declared. */
export function listFlags({ flags }: Pick<ManifestCommand, 'flags'>): readonly ManifestFlag[] {
  return Object.values(flags).filter(({ hidden }) => hidden !== true);
}

/** An example as it can be pasted. */
export function exampleLine({ command }: { readonly command: string }): string {
  return command.replaceAll('<%= config.bin %>', 'breakwater');
}

/** Reads the manifest of this program. @param root the directory of package.json */
export async function readManifest(root: string): Promise<CommandManifest> {
  // Written by `npm run manifest` from the commands themselves, and held to them by the check.
  return JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as CommandManifest;
}
