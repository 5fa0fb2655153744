import type { Extent, Matrix, MatrixRow } from '../access/matrix.js';
import { intervalWords } from '../access/words.js';
import { html, type Markup } from './markup.js';
import { page } from './page.js';

const words: Readonly<Record<Extent, string>> = { all: '', part: ' in part', none: '' };

function cell({ read, write }: MatrixRow['cells'][number]): Markup {
  const may = [
    ...(read === 'none' ? [] : [`read${words[read]}`]),
    ...(write === 'none' ? [] : [`write${words[write]}`]),
  ];
  const kind = may.length === 0 ? 'none' : read === 'part' || write === 'part' ? 'part' : 'all';
  return html`<td class="${kind}">${may.length === 0 ? '–' : may.join(', ')}</td>`;
}

const rowOf = ({ user, roles, cells }: MatrixRow): Markup =>
  html`<tr><th scope="row">${user}<small>${roles.join(', ') || 'no role'}</small></th>${cells.map(cell)}</tr>
`;

/** Users by the ranges of keys that permissions are granted on. */
export const matrixTable = ({ ranges, rows }: Matrix): Markup => html`<div class="scroll"><table>
<thead><tr><th scope="col">user</th>${ranges.map((range) => html`<th scope="col"><code>${intervalWords(range)}</code></th>`)}</tr></thead>
<tbody>
${rows.map(rowOf)}</tbody>
</table></div>`;

export const matrixPage = (matrix: Matrix, title: string, at: Date): string =>
  page(
    title,
    html`<h1>${title}</h1>
<p>${matrix.rows.length} users, ${matrix.ranges.length} ranges of keys, read from the store at ${at.toISOString()}.</p>
${matrixTable(matrix)}`,
  );
