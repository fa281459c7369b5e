import { escapeControls } from '../escape.ts';
import { measureColumns } from './frame.ts';

/** Columns as wide as their widest cell, two spaces apart, without trailing spaces; control characters are escaped. */
export function alignColumns(cells: readonly (readonly string[])[]): readonly string[] {
  const rows = cells.map((row) => row.map(escapeControls));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => measureColumns(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - measureColumns(cell)))
      .join('  ')
      .trimEnd(),
  );
}
