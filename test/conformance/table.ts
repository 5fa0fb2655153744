import type { Marks } from './marks.js';
import { remarkOn } from './remarks.js';
import type { Row } from './rows.js';

const head = `# What of etcd's API the included store serves

Written by \`test/conformance\` from the .proto files and from what the tests say of themselves; do not edit it.
\`CONFORMANCE=write npx ava dist/test/conformance/conformance.test.js\` writes it anew.

"as etcd": the tests named give the same requests to a real etcd, or have a judge that was made for one, and compare. Where we
mean to answer otherwise it says how, and the tests list it with its reason.
`;

/** The page, with a section for each service. */
export function conformanceTable(rows: readonly Row[], marks: Marks): string {
  const services = new Set(rows.map(({ service }) => service));
  const sections = [...services].map((service) =>
    section(
      service,
      rows.filter((row) => row.service === service),
      marks,
    ),
  );
  return [head, ...sections].join('\n');
}

function section(service: string, rows: readonly Row[], marks: Marks): string {
  const lines = rows.map((row) => {
    const testedBy = marks.testedBy(row).map((file) => `\`${file.replace(/^test\//, '')}\``);
    const name = row.option === '' ? `**${row.method}**` : `\`${row.option}\``;
    return `| ${name} | ${remarkOn(row) ?? 'as etcd'} | ${testedBy.join(' ') || '—'} |`;
  });
  return [`## ${service}\n`, '| method, option | ours | tested by |', '| --- | --- | --- |', ...lines, ''].join('\n');
}
