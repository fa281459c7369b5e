/**
 * A guide is a document whose `console` blocks are played: a line that begins with `$ ` is typed, and what follows is what is
 * printed. A line that ends with a backslash goes on in the next one. A comment `<!-- play: WORDS -->` on a line of its own does what
 * a reader does elsewhere: `sandbox stop`, `sandbox start`, `fault FAULT`, `faults clear`, `redis start`, `redis stop`.
 */
export type Step =
  | { readonly kind: 'comment'; readonly words: string }
  | { readonly kind: 'command'; readonly line: number; readonly text: string; readonly printed: readonly string[] };

/** Where a step is in the document: lines that are replaced when its output is written anew. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/** The steps of a guide in order, and where the output of each command is. @throws Error for output before any command */
export function readGuide(text: string): {
  readonly steps: readonly Step[];
  readonly places: ReadonlyMap<Step, Place>;
} {
  const lines = text.split('\n');
  const steps: Step[] = [];
  const places = new Map<Step, Place>();
  let isInside = false;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const comment = /^<!-- play: (.+) -->$/.exec(line)?.[1];
    if (comment !== undefined) steps.push({ kind: 'comment', words: comment });
    else if (isInside && line === '```') isInside = false;
    else if (line === '```console') isInside = true;
    else if (isInside) {
      if (!line.startsWith('$ ')) throw new Error(`line ${index + 1}: output before a command`);
      const first = index;
      let command = line.slice(2);
      while (command.endsWith('\\')) {
        index += 1;
        command += `\n${lines[index] ?? ''}`;
      }
      const from = index + 1;
      while (!/^(\$ |```$)/.test(lines[index + 1] ?? '```')) index += 1;
      const step: Step = { kind: 'command', line: first + 1, text: command, printed: lines.slice(from, index + 1) };
      steps.push(step);
      places.set(step, { from, to: index + 1 });
    }
  }
  return { steps, places };
}

/** What differs from run to run, and says nothing: times, numbers of processes and requests, places, rates. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/\b[0-9A-F]{16}\b/g, 'ID'],
  [/\bpid \d+/g, 'pid N'],
  [/\b\d\d:\d\d(:\d\d)?( ?(UTC|today|tomorrow))?/g, 'CLOCK'],
  [/\b\d+:\d\d\b/g, 'DURATION'],
  [/\b[\d.]+ ?(ms|s|min|h)\b/g, 'DURATION'],
  [/\b[\d.]+ [KMG]iB(\/s)?/g, 'SIZE'],
  [/ on \S+, SIZE free/g, ' on FILESYSTEM, SIZE free'],
  [/ on linux \w+$/g, ' on SYSTEM'],
  [/(?<![\d.])(v?24\.\d+\.\d+|0\.\d+\.\d+)\b/g, 'VERSION'],
  [/\bstore="[0-9a-f]{8}"/g, 'store="ID"'],
  // How requests and faults meet is up to the moment.
  [/^(s3_retry_attempts_total.*) \d+$/g, '$1 N'],
  [/ {2,}/g, '  '],
];

/** The lines without what changes, so that a guide that was played before can be compared. */
export function withoutChanging(lines: readonly string[]): string[] {
  return lines.map((line) =>
    CHANGING.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), line).trimEnd(),
  );
}
