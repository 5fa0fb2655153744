import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TlsFiles } from '../../../cluster/transport/tls-files.js';
import { folderOf, issue, makeAuthority } from './certificates.js';
import { eventually } from './eventually.js';
import { contexts, heartbeat, introduce, type Member, openMember } from './peers.js';
import { Revocations } from './revocations.js';

function certified(t: ExecutionContext) {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const revocations = new Revocations(folder, authority);
  const crl = join(folder, 'ca.crl');
  revocations.write(crl);
  const certificate = (name: string, names?: string): TlsFiles => ({
    ...issue(folder, authority, names === undefined ? { name } : { name, names }),
    crl,
  });
  return { folder, authority, revocations, crl, certificate };
}

const hears = (from: Member, to: Member, context: number): Promise<boolean> => {
  from.network.send([heartbeat(from, to, context)]);
  return eventually(`${to.peer.name} hearing ${context}`, () => contexts(to.heard).includes(context));
};

const warningOf = (member: Member, pattern: RegExp) =>
  eventually(`${member.peer.name} warning of ${pattern.source}`, () =>
    member.logger.lines.find(
      ({ level, fields }) => level === 'warn' && pattern.test(`${fields.reason} ${fields.error}`),
    ),
  );

test('a member whose certificate is revoked is neither heard nor spoken to from then on', async (t) => {
  const { revocations, crl, certificate } = certified(t);
  const one = await openMember(t, { id: 1n, files: certificate('m1') });
  // The stolen member does not look at the list itself.
  const { crl: _, ...files } = certificate('m2');
  const two = await openMember(t, { id: 2n, files });
  introduce(one, two);
  await hears(one, two, 1);
  await hears(two, one, 2);

  revocations.revoke(files.cert);
  revocations.write(crl);
  await warningOf(one, /its certificate was revoked undefined/);
  await warningOf(one, /m2 is not connected to: its certificate was revoked/);
  const [before, heardByTwo] = [one.heard.length, two.heard.length];
  one.network.send([heartbeat(one, two, 3)]);
  two.network.send([heartbeat(two, one, 4)]);
  await eventually('a refused attempt', () =>
    one.logger.warnings().some((line) => line.startsWith('rejected connection')),
  );
  t.deepEqual([one.heard.length, two.heard.length], [before, heardByTwo]);
});

test('members with other CNs than those allowed are refused on both ways', async (t) => {
  const { certificate } = certified(t);
  const rules = { allowed: { kind: 'common-names', names: ['m1', 'm2'] } } as const;
  const one = await openMember(t, { id: 1n, files: certificate('m1'), rules });
  const two = await openMember(t, { id: 2n, files: certificate('m2'), rules });
  const three = await openMember(t, { id: 3n, files: certificate('m3') });
  introduce(one, two, three);
  await hears(one, two, 1);
  await warningOf(one, /m3 is not connected to: its certificate's CN is not among those allowed/);
  three.network.send([heartbeat(three, one, 2)]);
  await warningOf(one, /^its certificate's CN is not among those allowed/);
  t.deepEqual(contexts(one.heard), []);
});

test('a member that connects from elsewhere than its certificate says is refused, unless that is not asked for', async (t) => {
  const { certificate } = certified(t);
  const strict = await openMember(t, { id: 1n, files: certificate('m1'), rules: { fromItsAddress: true } });
  const lenient = await openMember(t, { id: 2n, files: certificate('m2'), rules: { fromItsAddress: false } });
  // Good for m3 by its name; it is reached at no address that anybody calls here.
  const away = await openMember(t, { id: 3n, files: certificate('m3', 'IP:10.1.2.3,DNS:m3') });
  away.network.setPeers([strict.peer, lenient.peer]);
  for (const member of [strict, lenient]) member.network.setPeers([away.peer]);
  await hears(away, lenient, 1);
  const { fields } = await warningOf(strict, /is not for 127\.0\.0\.1, where it connects from/);
  t.regex(String(fields.hint), /--peer-skip-client-san-verification/);
  t.deepEqual(contexts(strict.heard), []);
});

test('a member may show another certificate where it connects than where it listens', async (t) => {
  const { certificate, authority, folder, revocations, crl } = certified(t);
  const dialFiles = { ...issue(folder, authority, { name: 'm1', file: 'm1-out' }), crl };
  const one = await openMember(t, { id: 1n, files: certificate('m1'), dialFiles });
  const two = await openMember(t, { id: 2n, files: certificate('m2') });
  introduce(one, two);
  await hears(one, two, 1);
  await hears(two, one, 2);
  revocations.revoke(dialFiles.cert);
  revocations.write(crl);
  const { fields } = await warningOf(two, /its certificate was revoked/);
  t.is(fields.subject, 'CN=m1');
  await hears(two, one, 3);
});
