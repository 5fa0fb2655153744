import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { ClusterError, type ClusterErrorCode } from '../../../cluster/errors.js';
import { clusterId, memberId } from '../../../cluster/numbers.js';
import { certifies } from '../../../cluster/transport/certificate-identity.js';
import type { AllowedNames } from '../../../cluster/transport/certificate-rules.js';
import { admit, helloHeaders, type Identity } from '../../../cluster/transport/hello.js';
import type { Peer } from '../../../cluster/transport/network.js';
import { folderOf, issue, makeAuthority } from './certificates.js';

const peer = (id: bigint, name: string, ...hosts: readonly string[]): Peer => ({
  id: memberId(id),
  name,
  urls: hosts.map((host) => `https://${host}:2380`),
});

const m1 = peer(1n, 'm1', '127.0.0.1');
const m2 = peer(2n, 'm2', '127.0.0.1');
const all = [m1, m2, peer(3n, 'm3', '10.0.0.3', 'db3.example.com')];

const certified = test.macro({
  title: (_, name: string, names: string, owner: string) => `CN=${name}, ${names} is the certificate of ${owner}`,
  exec: (t, name: string, names: string, owner: string) => {
    const folder = folderOf(t);
    const { cert } = issue(folder, makeAuthority(folder), { name, names, file: 'any' });
    const certificate = new X509Certificate(readFileSync(cert));
    const owners = all.filter((one) => certifies(certificate, one, all)).map((one) => one.name);
    t.is(owners.join(' and ') || 'nobody', owner);
  },
});

test(certified, 'm1', 'IP:127.0.0.1,DNS:m1,DNS:localhost', 'm1');
test(certified, 'm2', 'IP:127.0.0.1,IP:10.0.0.3,DNS:m1', 'm2');
test(certified, 'node', 'IP:127.0.0.1,DNS:localhost', 'nobody');
test(certified, 'node', 'IP:127.0.0.1,DNS:m2', 'm2');
test(certified, 'node', 'IP:10.0.0.3', 'm3');
test(certified, 'node', 'DNS:db3.example.com', 'm3');
test(certified, 'node', 'DNS:*.example.com', 'nobody');
test(certified, 'm1', 'IP:10.0.0.3', 'm1');
test(certified, 'root', 'DNS:client', 'nobody');

test("one certificate is all members' where the operator names it, and no other member's own", (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const owners = (name: string, names: string, allowed: AllowedNames): string[] => {
    const { cert } = issue(folder, authority, { name, names, file: 'any' });
    const certificate = new X509Certificate(readFileSync(cert));
    return all.filter((one) => certifies(certificate, one, all, allowed)).map((one) => one.name);
  };
  const byName = { kind: 'common-names', names: ['etcd', 'm1'] } as const;
  t.deepEqual(owners('etcd', 'IP:127.0.0.1', byName), ['m1', 'm2', 'm3']);
  t.deepEqual(owners('m1', 'IP:127.0.0.1', byName), ['m1']);
  t.deepEqual(owners('root', 'IP:127.0.0.1', byName), []);
  const byHost = { kind: 'hostnames', names: ['db3.example.com'] } as const;
  t.deepEqual(owners('any', 'DNS:*.example.com', byHost), ['m1', 'm2', 'm3']);
  t.deepEqual(owners('any', 'DNS:*.example.org', byHost), []);
});

test('a member without a name yet is whoever is good for its host and nobody else', (t) => {
  const folder = folderOf(t);
  const authority = makeAuthority(folder);
  const unnamed = peer(9n, '', '127.0.0.1');
  const isTaken = (name: string, names: string): boolean => {
    const { cert } = issue(folder, authority, { name, names, file: 'any' });
    return certifies(new X509Certificate(readFileSync(cert)), unnamed, [...all, unnamed]);
  };
  t.true(isTaken('m9', 'IP:127.0.0.1'));
  t.false(isTaken('m1', 'IP:127.0.0.1'));
  t.false(isTaken('node', 'IP:127.0.0.1,DNS:m2'));
  t.false(isTaken('alice', 'DNS:alice'));
});

test('a member that was removed is told so, before anything else is asked of it', (t) => {
  const headers = { ...hello, 'quorate-from': '63' };
  t.throws(() => admit(headers, here, peers, undefined, (id) => id === memberId(0x63n)), { code: 'member-removed' });
});

test('a member called localhost is not recognised by the name that every certificate has', (t) => {
  const folder = folderOf(t);
  const { cert } = issue(folder, makeAuthority(folder), { name: 'node', names: 'DNS:localhost,IP:127.0.0.1' });
  const certificate = new X509Certificate(readFileSync(cert));
  t.false(certifies(certificate, peer(4n, 'localhost', '127.0.0.1'), [...all, peer(4n, 'localhost', '127.0.0.1')]));
});

const here: Identity = { clusterId: clusterId(0xabcn), self: m1 };
const peers = new Map(all.slice(1).map((one) => [one.id, one]));
const hello = helloHeaders({ ...here, self: m2 }, m1.id) as Record<string, string>;

test('a stream of a member is admitted', (t) => {
  t.is(admit(hello, here, peers, undefined), m2);
});

const refused = test.macro({
  title: (_, what: string) => `a stream is refused: ${what}`,
  exec: (t, message: string, code: ClusterErrorCode, change: Record<string, string>) => {
    const error = t.throws(() => admit({ ...hello, ...change }, here, peers, undefined), { instanceOf: ClusterError });
    t.is(error?.message, message);
    t.is(error?.code, code);
  },
});

test(refused, 'this is cluster abc, not def', 'wrong-cluster', { 'quorate-cluster': 'def' });
test(refused, 'the peer protocol is version 2 here, 1 there', 'wrong-cluster', { 'quorate-protocol': '1' });
test(refused, 'this is member 1 (m1), not 9', 'wrong-cluster', { 'quorate-to': '9' });
test(refused, 'there is no member 9 in this cluster', 'member-not-found', { 'quorate-from': '9' });
test(refused, 'there is no member 1 in this cluster', 'member-not-found', { 'quorate-from': '1' });
test(refused, 'there is no member x in this cluster', 'member-not-found', { 'quorate-from': 'x' });
