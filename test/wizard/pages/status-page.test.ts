import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { accessMatrix } from '../../../wizard/access/matrix.js';
import { permissionOf } from '../../../wizard/access/rights.js';
import { statusPage } from '../../../wizard/pages/status-page.js';
import type { StatusReport } from '../../../wizard/run/status.js';
import { judge } from '../../judges.js';
import { temporaryFolder } from '../apply/folder.js';

const now = new Date('2030-06-15T12:00:00Z');
const dayMs = 86_400_000;
const hostile = `"><script>document.title = 'owned'</script><img src=x onerror="document.title = 'owned'">'`;

function certificate(name: string, begins: number, ends: number) {
  const at = (days: number): string => new Date(now.getTime() + days * dayMs).toISOString();
  return { name, path: `users/${name}`, daysLeft: ends, notBefore: at(begins), notAfter: at(ends) };
}

const long = 'a-name-without-any-place-to-break-it-'.repeat(6);

const report: StatusReport = {
  cluster: hostile,
  engine: 'included',
  healthy: false,
  members: [
    {
      name: 'm1',
      endpoint: 'https://m1:2379',
      pid: 1,
      state: 'leader',
      term: 3,
      index: 9,
      appliedIndex: 8,
      dbSize: 1 << 20,
    },
    { name: long, endpoint: `https://${long}:2379`, pid: undefined, state: 'unreachable', reason: hostile },
  ],
  certificates: [
    certificate('authority', -10, 3650),
    certificate('good', -10, 355),
    certificate('soon', -360, 5),
    certificate('ended', -400, -3),
    certificate(hostile, 0, 100),
    { name: 'broken', path: 'x', daysLeft: undefined, reason: hostile },
  ],
};

const matrix = accessMatrix({
  roles: new Map([[hostile, [permissionOf({ access: 'read', prefix: hostile })]]]),
  users: new Map([
    [hostile, [hostile]],
    [long, []],
  ]),
});

const text = statusPage(report, { matrix, source: 'as the cluster has them' }, now);

test('what a name holds is text, and the page asks nobody for anything', (t) => {
  t.notRegex(text, /<(script|img|link|iframe|object|base)/i);
  t.notRegex(text, /\b(src|href)=(?!x onerror)|url\(|@import/i);
  t.is(text.match(/&lt;script&gt;/g)?.length, text.match(/&lt;img/g)?.length);
});

test('a certificate stands on the line by its days, those that end first above', (t) => {
  const order = [...text.matchAll(/class="name" title="[^"]*">(\w+)</g)].map(([, name]) => name);
  t.deepEqual(order, ['broken', 'ended', 'soon', 'good', 'authority']);
  const bars = [...text.matchAll(/class="bar (\w*)" style="left: ([\d.]+)%; width: ([\d.]+)%"/g)];
  t.deepEqual(
    bars.map(([, kind]) => kind),
    ['bad', 'soon', '', '', ''],
  );
  for (const [, , left, width] of bars) t.true(Number(left) + Number(width) <= 100.01);
  t.regex(text, /ended 3 days ago/);
});

judge('chromium').test(
  'a browser shows it without a scroll bar on a phone, and runs nothing of what names hold',
  async (t) => {
    const file = join(temporaryFolder(t), 'status.html');
    const measure =
      '<script>document.body.dataset.widths = [document.documentElement.scrollWidth, innerWidth]</script>';
    writeFileSync(file, text.replace('</body>', `${measure}</body>`));
    const options = ['--headless', '--no-sandbox', '--disable-gpu', '--window-size=500,1000', '--dump-dom'];
    const { stdout } = await promisify(execFile)('chromium', [...options, `file://${file}`], { maxBuffer: 1 << 24 });
    const [, content, visible] = /data-widths="(\d+),(\d+)"/.exec(stdout) ?? [];
    t.true(Number(content) <= Number(visible), `${content} of ${visible}`);
    t.regex(stdout, /<title>[^<]*&lt;script&gt;/);
    t.notRegex(stdout, /<title>owned/);
  },
);
