/** Maximum row length, in characters. An inventory row is far shorter: a key has at most 1,024 encoded bytes. */
const ROW_MAX = 65_536;

/**
 * Reads CSV rows (RFC 4180): optional quotes, doubled quotes inside, either kind of line ending.
 * @throws Error for a row that never ends
 */
export async function* readCsvRows(text: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const chunk of text) {
    rest += chunk;
    let start = 0;
    for (let end = findRowEnd(rest, start); end !== -1; end = findRowEnd(rest, start)) {
      const row = rest.slice(start, end);
      if (row !== '' && row !== '\r') yield splitRow(row);
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length > ROW_MAX) throw new Error(`a row is longer than ${ROW_MAX} characters`);
  }
  if (rest !== '' && rest !== '\r') yield splitRow(rest);
}

/** The index of the unquoted line feed that ends the row; -1 if there is none yet. */
function findRowEnd(text: string, start: number): number {
  let isQuoted = false;
  for (let index = start; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22) isQuoted = !isQuoted;
    else if (unit === 0x0a && !isQuoted) return index;
  }
  return -1;
}

function splitRow(row: string): readonly string[] {
  const line = row.endsWith('\r') ? row.slice(0, -1) : row;
  const fields: string[] = [];
  let start = 0;
  for (;;) {
    const isQuoted = line.startsWith('"', start);
    const end = isQuoted ? findClosingQuote(line, start + 1) : line.indexOf(',', start);
    if (!isQuoted) {
      fields.push(end === -1 ? line.slice(start) : line.slice(start, end));
      if (end === -1) return fields;
      start = end + 1;
      continue;
    }
    fields.push(line.slice(start + 1, end).replaceAll('""', '"'));
    if (end + 1 >= line.length) return fields;
    if (line[end + 1] !== ',') throw new Error('something follows a closing quote');
    start = end + 2;
  }
}

function findClosingQuote(line: string, start: number): number {
  for (let at = line.indexOf('"', start); at !== -1; at = line.indexOf('"', at + 2)) {
    if (line[at + 1] !== '"') return at;
  }
  throw new Error('a quote is not closed');
}
