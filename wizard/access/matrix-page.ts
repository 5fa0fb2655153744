import type { Extent, Matrix, MatrixRow } from './matrix.js';
import { intervalWords } from './words.js';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);

const style = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 1.5rem; }
h1 { font-size: 1.3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; background: Canvas; font-weight: 600; font-family: ui-monospace, monospace; font-size: .85rem; }
tbody th { position: sticky; left: 0; background: Canvas; font-weight: 600; }
tbody th small { display: block; font-weight: 400; opacity: .7; }
td.all { background: #2e9e5b33; } td.part { background: #d9a40033; } td.none { opacity: .45; }
`;

const words: Readonly<Record<Extent, string>> = { all: '', part: ' in part', none: '' };

function cell({ read, write }: MatrixRow['cells'][number]): string {
  const may = [
    ...(read === 'none' ? [] : [`read${words[read]}`]),
    ...(write === 'none' ? [] : [`write${words[write]}`]),
  ];
  const kind = may.length === 0 ? 'none' : read === 'part' || write === 'part' ? 'part' : 'all';
  return `<td class="${kind}">${may.length === 0 ? '–' : may.join(', ')}</td>`;
}

/** The matrix as a page of its own: no script, no font, no request. */
export function matrixPage({ ranges, rows }: Matrix, title: string, at: Date): string {
  const head = ranges.map((range) => `<th scope="col">${escaped(intervalWords(range))}</th>`).join('');
  const body = rows.map(
    ({ user, roles, cells }) =>
      `<tr><th scope="row">${escaped(user)}<small>${escaped(roles.join(', ') || 'no role')}</small></th>${cells.map(cell).join('')}</tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${rows.length} users, ${ranges.length} ranges of keys, read from the store at ${at.toISOString()}.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">user</th>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>
</body>
</html>
`;
}
