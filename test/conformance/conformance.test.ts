import { readFileSync, writeFileSync } from 'node:fs';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import test from 'ava';
import { startOurs } from '../differential/servers.js';
import { readMarks } from './marks.js';
import { remarked } from './remarks.js';
import { rows } from './rows.js';
import { conformanceTable } from './table.js';

const page = new URL('../../../docs/conformance.md', import.meta.url);
const marks = readMarks();
const nameOf = ({ service, method, option }: (typeof rows)[number]): string =>
  `${service}.${method} ${option}`.trimEnd();

test('the conformance table is what the tests say of themselves', (t) => {
  const written = conformanceTable(rows, marks);
  if (process.env.CONFORMANCE === 'write') writeFileSync(page, written);
  t.is(readFileSync(page, 'utf8'), written);
});

test('every method and every option of the API is tested', (t) => {
  t.deepEqual(rows.filter((row) => marks.testedBy(row).length === 0).map(nameOf), []);
});

test('what tests and remarks name is there', (t) => {
  t.deepEqual(marks.strays(rows), []);
  const names = new Set(rows.map(nameOf));
  t.deepEqual(
    remarked.filter((name) => !names.has(name)),
    [],
  );
});

test('a member serves every method of the API', async (t) => {
  const url = new URL(await startOurs(t));
  const client = new Client(url.host, credentials.createInsecure());
  t.teardown(() => client.close());
  const asIs = (message: Buffer): Buffer => message;
  const isMissing = (path: string) =>
    new Promise<boolean>((resolve) => {
      const call = client.makeBidiStreamRequest(path, asIs, asIs, { deadline: Date.now() + 10_000 });
      // Streams may have nothing to say: then they are there.
      setTimeout(() => call.cancel(), 500);
      call.on('data', () => call.cancel());
      call.on('error', ({ details }: ServiceError) => resolve(/^unknown (method|service) /.test(details)));
      call.on('status', () => resolve(false));
      call.end(Buffer.alloc(0));
    });
  const missing: string[] = [];
  for (const path of new Set(rows.map((row) => row.path))) if (await isMissing(path)) missing.push(path);
  t.deepEqual(missing, []);
});
