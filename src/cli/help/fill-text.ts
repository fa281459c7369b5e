/** Breaks text at its spaces into lines of at most `width` characters. A longer word gets a line of its own. */
export function fillText(text: string, width: number): readonly string[] {
  return fill(
    text.split(/\s+/).filter((word) => word !== ''),
    width,
  );
}

/**
 * Breaks a command line so that it can be pasted: each line but the last ends with a backslash, and words in quotes stay
 * whole.
 */
export function wrapCommand(line: string, width: number): readonly string[] {
  if (line.length <= width) return [line];
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const [first = '', ...rest] = fill(words, width - 2 * INDENT);
  const lines = [first, ...rest.map((text) => ' '.repeat(INDENT) + text)];
  return lines.map((text, index) => (index === lines.length - 1 ? text : `${text} \\`));
}

/** What the continued lines of a command are indented by. */
const INDENT = 2;

function fill(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Two columns: each term with its text beside it, or below it where the term is too long. */
export function alignTerms(rows: readonly (readonly [string, string])[], width: number): readonly string[] {
  const column = Math.min(Math.max(0, ...rows.map(([term]) => term.length)), TERM_MAX) + 4;
  return rows.flatMap(([term, text]) => {
    const [first = '', ...rest] = fillText(text, width - column);
    const below = rest.map((line) => ' '.repeat(column) + line);
    if (term.length + 4 > column) return [`  ${term}`, ' '.repeat(column) + first, ...below];
    return [`  ${term.padEnd(column - 2)}${first}`.trimEnd(), ...below];
  });
}

/** A longer term has its text below it. */
const TERM_MAX = 24;
