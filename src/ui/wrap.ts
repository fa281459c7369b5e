import { columnsOf, measureColumns } from './frame.ts';

interface Wrapping {
  /** The most columns of a line; Infinity leaves the text as it is. */
  readonly columns: number;
  /** Put before every line but the first. @default '' */
  readonly indent?: string;
}

/** The fewest columns for text beside an indent; a narrower window gets no indent. */
const TEXT_COLUMNS_MIN = 10;

/** The text on as many lines as it needs, broken at spaces, and inside words that are longer than a line. Nothing is cut off. */
export function wrapText(text: string, { columns, indent = '' }: Wrapping): readonly string[] {
  if (measureColumns(text) <= columns) return [text];
  const width = Math.max(2, columns);
  const hanging = width - measureColumns(indent) < TEXT_COLUMNS_MIN ? '' : indent;
  const lead = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = width - lead.length < TEXT_COLUMNS_MIN ? '' : lead;
  let isEmpty = true;
  const end = (): void => {
    lines.push(line.trimEnd());
    line = hanging;
    isEmpty = true;
  };
  for (const { gap, word } of splitWords(text.slice(lead.length))) {
    const room = (): number => width - measureColumns(line);
    const needed = measureColumns(word) + (isEmpty ? 0 : gap.length);
    if (needed > room() && !isEmpty && measureColumns(word) <= width - measureColumns(hanging)) end();
    if (!isEmpty && room() > gap.length) line += gap;
    for (const character of word) {
      if (columnsOf(character) > room()) end();
      line += character;
      isEmpty = false;
    }
  }
  return isEmpty ? lines : [...lines, line];
}

function splitWords(text: string): readonly { readonly gap: string; readonly word: string }[] {
  return [...text.matchAll(/( *)([^ ]+)/g)].map(([, gap = '', word = '']) => ({ gap, word }));
}
