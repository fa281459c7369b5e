import { describeFlag, flagTerm } from './flag-words.ts';
import { exampleLine, listFlags, type ManifestCommand, type ManifestFlag } from './manifest.ts';
import { alignTerms, wrapCommand, fillText } from './fill-text.ts';

export interface HelpForm {
  /** Columns; no line is longer, unless a single word is. */
  readonly width: number;
  /** `--help-all`: every flag and example, with the environment variables. */
  readonly isFull: boolean;
  readonly heading: (text: string) => string;
}

/** A terminal's usual height, with a line for the next prompt. */
const SCREEN_LINES = 23;

/** The most for a command with many flags of its own, beyond which it shows fewer examples. */
const LINES_MAX = 40;

/** Of more examples, the help shows the first ones: fewer if it fits a screen then. */
const EXAMPLES_MAX = 3;
const EXAMPLES_MIN = 2;

/** The groups that commands share, in the order in which they are shown; those of a single command come before. */
const SHARED_GROUPS = ['S3', 'RETRY AND TIME', 'CIRCUIT', 'FLEET', 'METRICS', 'GLOBAL'];

/** The help of a command: its own flags, and of every group of flags one line, so that it fits a screen. */
export function commandHelp(command: ManifestCommand, form: HelpForm): readonly string[] {
  const about = describeCommand(command, form);
  const examples = command.examples ?? [];
  if (form.isFull) return [...about, ...describeExamples(examples, form)];
  const most = Math.min(EXAMPLES_MAX, examples.length);
  const forms = [most, Math.min(EXAMPLES_MIN, most)].map((count) => [
    ...about,
    ...describeExamples(examples.slice(0, count), form),
  ]);
  return (
    forms.find(({ length }) => length <= SCREEN_LINES) ??
    forms.find(({ length }) => length <= LINES_MAX) ??
    forms[1] ??
    about
  );
}

function describeCommand(command: ManifestCommand, form: HelpForm): readonly string[] {
  const { width, isFull, heading } = form;
  const flags = listFlags(command);
  const own = flags.filter(({ helpGroup }) => helpGroup === undefined);
  const groups = groupFlags(flags);
  const usage = fillText(command.usage, width - USAGE.length);
  return [
    ...fillText(command.summary, width),
    '',
    ...usage.map((line, index) => (index === 0 ? USAGE : ' '.repeat(USAGE.length)) + line),
    ...alignTerms(
      Object.values(command.args).map(({ name, description = '' }) => [name.toUpperCase(), description]),
      width,
    ),
    ...describeParagraphs(command, form),
    ...(own.length === 0 ? [] : ['', heading('FLAGS'), ...describeFlags(own, form)]),
    ...(isFull
      ? groups.flatMap(([name, members]) => ['', heading(`${name} FLAGS`), ...describeFlags(members, form)])
      : ['', heading('MORE FLAGS (--help-all explains them)'), ...foldGroups(groups, width)]),
  ];
}

/** The first paragraph of the description says what everybody must know, and the others are for `--help-all`. */
function describeParagraphs({ description = '' }: ManifestCommand, { width, isFull }: HelpForm): readonly string[] {
  const paragraphs = description.split('\n\n').filter((text) => text !== '');
  return (isFull ? paragraphs : paragraphs.slice(0, 1)).flatMap((text) => ['', ...fillText(text, width)]);
}

const USAGE = 'usage: breakwater ';

function groupFlags(flags: readonly ManifestFlag[]): readonly (readonly [string, readonly ManifestFlag[]])[] {
  const groups = Map.groupBy(flags, ({ helpGroup }) => helpGroup ?? '');
  groups.delete('');
  return [...groups].toSorted(([a], [b]) => SHARED_GROUPS.indexOf(a) - SHARED_GROUPS.indexOf(b));
}

function describeFlags(flags: readonly ManifestFlag[], { width, isFull }: HelpForm): readonly string[] {
  const hasChars = flags.some(({ char }) => char !== undefined);
  return alignTerms(
    flags.map((flag) => [flagTerm(flag, { hasChars }), describeFlag(flag, { isFull })]),
    width,
  );
}

/** The names alone: whoever looks for a flag finds that it is there. */
function foldGroups(groups: readonly (readonly [string, readonly ManifestFlag[]])[], width: number): readonly string[] {
  return alignTerms(
    groups.map(([name, flags]) => [name, flags.map((flag) => `--${flag.name}`).join(', ')]),
    width,
  );
}

function describeExamples(
  shown: NonNullable<ManifestCommand['examples']>,
  { width, heading }: HelpForm,
): readonly string[] {
  if (shown.length === 0) return [];
  return [
    '',
    heading('EXAMPLES'),
    ...shown.flatMap((example) => [
      ...fillText(`${example.description}:`, width - 2).map((line) => `  ${line}`),
      ...wrapCommand(exampleLine(example), width - 4).map((line) => `    ${line}`),
    ]),
  ];
}
