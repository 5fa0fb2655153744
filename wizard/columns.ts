import type { Style } from './terminal.js';

/** A cell and how it is painted. */
export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

type Paint = (style: Style, text: string) => string;

const asCell = (cell: string | Cell): Cell => (typeof cell === 'string' ? { text: cell } : cell);

/** Columns as wide as their widest cell; the last one runs free. */
export function columns(rows: readonly (readonly (string | Cell)[])[], paint: Paint = (_, text) => text): string[] {
  const cells = rows.map((row) => row.map(asCell));
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.text.length ?? 0))) ?? [];
  return cells.map((row) =>
    row
      .map(({ text, style }, column) => {
        const padded = text.padEnd(column === row.length - 1 ? 0 : (widths[column] ?? 0));
        return style === undefined ? padded : paint(style, padded);
      })
      .join('  ')
      .trimEnd(),
  );
}
