/** The role of a text, which sets its colour. The text carries the same meaning without colour. */
export type Tone = 'plain' | 'faint' | 'strong' | 'closed' | 'open' | 'half_open' | 'isolated' | 'warning' | 'marked';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One row of the screen. */
export type Line = readonly Span[];

/** Everything on the screen, top row first. */
export type Frame = readonly Line[];

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone };
}

/** A frame as plain text, without colours. */
export function toText(frame: Frame): string {
  return frame
    .map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** East Asian wide and fullwidth characters (Unicode, annex 11), and what is shown as an emoji. */
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const WITHOUT_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Of the former, those that take a column: the soft hyphen, Arabic number signs, and what makes a character an emoji, which is wide. */
const VISIBLE = /[\ufe0f\u00ad\u0600-\u0605\u06dd\u070f]/;

/** The terminal columns of a text: two for wide East Asian characters and emoji, none for combining marks. */
export function measureColumns(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

/** The text in exactly this many columns: padded with spaces, or truncated with a mark. */
export function fit(text: string, columns: number): string {
  const cut = truncate(text, columns);
  return cut + ' '.repeat(Math.max(0, columns - measureColumns(cut)));
}

/** The text in at most this many columns. The truncation mark is ASCII, so that every font has it. */
export function truncate(text: string, columns: number): string {
  if (measureColumns(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return columns < 1 ? '' : `${kept}~`;
}

/** The text in at most this many columns, shortened in the middle: the end of a key tells more than what is before it. */
export function truncateMiddle(text: string, columns: number): string {
  if (measureColumns(text) <= columns) return text;
  if (columns < 3) return truncate(text, columns);
  const tailColumns = Math.floor((columns - 1) / 2);
  const characters = Array.from(text);
  let start = characters.length;
  for (let used = 0; start > 0; start -= 1) {
    used += columnsOf(characters[start - 1] ?? '');
    if (used > tailColumns) break;
  }
  // A mark that combines with a character that was cut off would combine with the sign for the cut.
  while (start < characters.length && columnsOf(characters[start] ?? '') === 0) start += 1;
  const tail = characters.slice(start).join('');
  return truncate(text, columns - measureColumns(tail)) + tail;
}

/** The line truncated to at most this many columns. */
export function truncateLine(line: Line, columns: number): Line {
  const kept: Span[] = [];
  let left = columns;
  for (const { text, tone } of line) {
    if (left <= 0) break;
    const cut = truncate(text, left);
    kept.push({ text: cut, tone });
    left = cut === text ? left - measureColumns(cut) : 0;
  }
  return kept;
}

export function measureLine(line: Line): number {
  return line.reduce((sum, { text }) => sum + measureColumns(text), 0);
}

/** The terminal columns of one character. A sequence that some terminals join counts as its parts, so that nothing wraps. */
export function columnsOf(character: string): number {
  if (character >= ' ' && character <= '~') return 1;
  if (WITHOUT_WIDTH.test(character)) return VISIBLE.test(character) ? 1 : 0;
  return WIDE.test(character) ? 2 : 1;
}
