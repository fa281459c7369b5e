import { escapeControls } from './escape.ts';

/** Columns as wide as their widest cell, two spaces apart, without trailing spaces; control characters are escaped. */
export function alignColumns(cells: readonly (readonly string[])[]): readonly string[] {
  const rows = cells.map((row) => row.map(escapeControls));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
