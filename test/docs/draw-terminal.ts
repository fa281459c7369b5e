/** A terminal's lines, with the escapes for colours, as SVG: each is one `text`, and what does not fit in a row goes on in the next. */

const FONT_PX = 14;
const COLUMN_PX = 8.43;
const ROW_PX = 19;
const MARGIN_PX = 18;

/** Codes of "select graphic rendition" (ECMA-48, section 8.3.117), with a colour for a light and a dark page. */
const COLOURS: Readonly<Record<string, { readonly light: string; readonly dark: string }>> = {
  '2': { light: '#57606a', dark: '#8b949e' },
  '31': { light: '#b3161f', dark: '#ff7b72' },
  '32': { light: '#116329', dark: '#7ee787' },
  '33': { light: '#7d4e00', dark: '#e3b341' },
  '36': { light: '#0a5f73', dark: '#56d4dd' },
};

interface DrawOptions {
  readonly columns: number;
  readonly title: string;
  readonly description: string;
}

interface Cell {
  readonly character: string;
  /** A code of `COLOURS`; null for the colour of the text. */
  readonly code: string | null;
}

/** @throws Error for an escape that is no colour of the picture */
export function drawTerminal(lines: readonly string[], { columns, title, description }: DrawOptions): string {
  const rows = lines.map((line) => wrapCells(readCells(line), columns));
  const width = Math.ceil(columns * COLUMN_PX + 2 * MARGIN_PX);
  const height = rows.reduce((sum, { length }) => sum + length, 0) * ROW_PX + 2 * MARGIN_PX;
  const texts: string[] = [];
  let y = MARGIN_PX + FONT_PX;
  for (const line of rows) {
    const [first = '', ...more] = line.map(drawRow);
    const rest = more.map((row) => `<tspan x="${MARGIN_PX}" dy="${ROW_PX}">${row}</tspan>`).join('');
    texts.push(`<text x="${MARGIN_PX}" y="${y}">${first}${rest}</text>`);
    y += line.length * ROW_PX;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" role="img" aria-labelledby="title desc" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title id="title">${escapeXml(title)}</title>
<desc id="desc">${escapeXml(description)}</desc>
<style>
${drawStyle()}
</style>
<rect width="${width}" height="${height}" rx="8"/>
${texts.join('\n')}
</svg>
`;
}

/** The lines of a picture again, without colours. */
export function readPicture(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, text = '']) =>
    text
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&'),
  );
}

function drawStyle(): string {
  const colours = (kind: 'light' | 'dark'): string =>
    Object.entries(COLOURS)
      .map(([code, colour]) => `.c${code}{fill:${colour[kind]}}`)
      .join('');
  return `text{font:${FONT_PX}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#1f2328}
rect{fill:#f6f8fa}${colours('light')}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#161b22}${colours('dark')}}`;
}

function readCells(line: string): Cell[] {
  const cells: Cell[] = [];
  let code: string | null = null;
  // Splitting by a group hands out the codes at the odd places.
  // oxlint-disable-next-line no-control-regex -- an escape begins with one
  for (const [index, part] of line.split(/\u001b\[(\d+)m/).entries()) {
    if (index % 2 === 0) {
      // oxlint-disable-next-line no-control-regex -- none may be left
      if (/[\u0000-\u001f]/.test(part)) throw new Error(`the picture knows no such escape: ${JSON.stringify(part)}`);
      for (const character of part) cells.push({ character, code });
    } else if (part === '0') code = null;
    else if (part in COLOURS) code = part;
    else throw new Error(`the picture knows no colour ${part}`);
  }
  return cells;
}

/** Rows of at most so many cells, broken behind a space where there is one. */
function wrapCells(cells: readonly Cell[], columns: number): Cell[][] {
  const rows: Cell[][] = [];
  let from = 0;
  while (cells.length - from > columns) {
    const space = cells.findLastIndex(({ character }, at) => at < from + columns && character === ' ');
    const to = space > from ? space + 1 : from + columns;
    rows.push(cells.slice(from, to));
    from = to;
  }
  return [...rows, cells.slice(from)];
}

function drawRow(cells: readonly Cell[]): string {
  let row = '';
  for (let from = 0; from < cells.length;) {
    const code = cells[from]?.code ?? null;
    const change = cells.findIndex((cell, at) => at > from && cell.code !== code);
    const to = change === -1 ? cells.length : change;
    const cell = cells.slice(from, to);
    const text = escapeXml(cell.map(({ character }) => character).join(''));
    row += code === null ? text : `<tspan class="c${code}">${text}</tspan>`;
    from = to;
  }
  return row;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
