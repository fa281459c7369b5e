import { describeFlag, flagTerm } from '../../src/cli/help/flag-words.ts';
import {
  exampleLine,
  listCommands,
  listFlags,
  type CommandManifest,
  type ManifestCommand,
  type ManifestFlag,
} from '../../src/cli/help/manifest.ts';

export interface ManSources {
  readonly manifest: CommandManifest;
  /** The text of README.md: its first paragraph and its table of exit statuses. */
  readonly readme: string;
}

/** The pages of section 1, by file name: one for the program and one for each command, from what the help is made of. */
export function makeManPages({ manifest, readme }: ManSources): ReadonlyMap<string, string> {
  const commands = listCommands(manifest);
  const title = (name: string): string =>
    `.TH ${name.toUpperCase()} 1 "" "breakwater ${manifest.version}" "User Commands"`;
  const pages = commands.map((command): [string, string] => [
    `breakwater-${command.id}.1`,
    [title(`breakwater-${command.id}`), ...commandPage(command)].join('\n'),
  ]);
  return new Map([['breakwater.1', [title('breakwater'), ...mainPage(commands, readme)].join('\n')], ...pages]);
}

function mainPage(commands: readonly ManifestCommand[], readme: string): readonly string[] {
  const [, about = ''] = /^# breakwater\n\n([^`]+?)\n\n/.exec(readme) ?? [];
  if (about === '') throw new Error('README.md no longer begins with what breakwater is');
  return [
    '.SH NAME',
    String.raw`breakwater \- move objects to and from S3, with retries and a circuit breaker`,
    '.SH SYNOPSIS',
    String.raw`.B breakwater \fICOMMAND\fR [\fIARGUMENTS\fR] [\fIFLAGS\fR]`,
    '.SH DESCRIPTION',
    escape(about.replaceAll('\n', ' ')),
    '.SH COMMANDS',
    ...commands.flatMap(({ id, summary }) => entry(String.raw`\fBbreakwater\-${escape(id)}\fR(1)`, escape(summary))),
    '.SH EXIT STATUS',
    ...readStatuses(readme).flatMap(([status, codes, meaning]) =>
      entry(`\\fB${escape(status)}\\fR`, escape(codes === '' ? meaning : `${codes}: ${meaning}`)),
    ),
    '.SH FILES',
    ...entry(String.raw`\fI~/.config/breakwater/config.json\fR`, 'settings; the environment and flags win'),
    ...entry(String.raw`\fI~/.local/state/breakwater/state.db\fR`, 'circuits, metrics and unfinished transfers'),
    '',
  ];
}

function commandPage(command: ManifestCommand): readonly string[] {
  const flags = listFlags(command);
  const groups = [...new Set(flags.map(({ helpGroup = '' }) => helpGroup))].toSorted();
  const paragraphs = (command.description ?? '').split('\n\n').filter((text) => text !== '');
  const examples = command.examples ?? [];
  const args = Object.values(command.args);
  return [
    '.SH NAME',
    `${escape(`breakwater-${command.id}`)} \\- ${escape(command.summary)}`,
    '.SH SYNOPSIS',
    `.B breakwater ${escape(command.usage)}`,
    ...(paragraphs.length === 0 ? [] : ['.SH DESCRIPTION']),
    ...paragraphs.flatMap((text) => ['.PP', escape(text)]),
    ...(args.length === 0 ? [] : ['.SH ARGUMENTS']),
    ...args.flatMap(({ name, description = '' }) =>
      entry(`\\fI${escape(name.toUpperCase())}\\fR`, escape(description)),
    ),
    ...groups.flatMap((group) => [
      `.SH ${group === '' ? 'FLAGS' : `${group} FLAGS`}`,
      ...flags.filter(({ helpGroup = '' }) => helpGroup === group).flatMap(flagEntry),
    ]),
    ...(examples.length === 0 ? [] : ['.SH EXAMPLES']),
    ...examples.flatMap((example) => [
      '.PP',
      `${escape(example.description)}:`,
      '.EX',
      escape(exampleLine(example)),
      '.EE',
    ]),
    '.SH SEE ALSO',
    String.raw`\fBbreakwater\fR(1), which has the exit statuses`,
    '',
  ];
}

function flagEntry(flag: ManifestFlag): readonly string[] {
  const term = flagTerm(flag, { hasChars: flag.char !== undefined });
  return entry(`\\fB${escape(term)}\\fR`, escape(describeFlag(flag, { isFull: true })));
}

/** The rows of the table below "Exit statuses". */
function readStatuses(readme: string): readonly (readonly [string, string, string])[] {
  const [, section = ''] = readme.split('\n## Exit statuses\n');
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| ([\d, ]+) \|([^|]*)\|([^|]*)\|$/gm)];
  if (rows.length === 0) throw new Error('README.md no longer has a table of exit statuses');
  return rows.map(([, status = '', codes = '', meaning = '']) => [status, codes.trim(), meaning.trim()]);
}

function entry(term: string, text: string): readonly string[] {
  return ['.TP', term, text];
}

/** For roff: its escapes, hyphens that stay such when pasted, and no line that would be a request. */
function escape(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('`', '')
    .replaceAll(/^(?=[.'])/gm, String.raw`\&`);
}
