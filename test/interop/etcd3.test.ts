import { once } from 'node:events';
import { type Etcd3, type IKeyValue, Range, type Watcher } from 'etcd3';
import { judge } from '../judges.js';
import { asEtcd3 } from './as-etcd3.js';
import { Comparison } from './comparison.js';
import type { LocalCluster } from './local-cluster.js';
import { until } from './until.js';

// What programs do with the npm client `etcd3`, on three members of each engine, with certificates and users.
// conformance: Watch.Watch{create_request.key create_request.range_end create_request.start_revision create_request.prev_kv cancel_request}
// conformance: Lease.LeaseGrant{TTL} Lease.LeaseKeepAlive{ID} Lease.LeaseRevoke{ID} Auth.Authenticate{name password}
// conformance: Auth.UserAdd{name password} Auth.UserGet{name} Auth.UserChangePassword{name password} Auth.UserDelete{name}
// conformance: Auth.UserGrantRole{user role} Auth.UserRevokeRole{name role} Auth.UserList{*} Auth.RoleList{*}
// conformance: Auth.RoleAdd{name} Auth.RoleGet{role} Auth.RoleGrantPermission{name perm} Auth.RoleRevokePermission{role key range_end} Auth.RoleDelete{role}

const comparison = new Comparison(judge('etcd'), 3);

/** Both engines' answers to the same program, which the user `app` runs. */
const same = (title: string, program: (etcd: Etcd3, cluster: LocalCluster) => Promise<unknown>, user = 'app'): void =>
  comparison.same(title, (cluster) => asEtcd3(cluster, user, (etcd) => program(etcd, cluster)));

/** What a watcher says, a line an event, in the order in which it comes. */
function listen(watcher: Watcher): string[] {
  const lines: string[] = [];
  const told = (kind: string) => (kv: IKeyValue, previous?: IKeyValue) => {
    const before = previous?.value === undefined ? '' : ` after ${previous.value}`;
    lines.push(`${kind} ${kv.key}=${kv.value}, version ${kv.version}${before}`);
  };
  watcher.on('put', told('put')).on('delete', told('delete'));
  return lines;
}

const lines = (count: number, heard: readonly string[]) =>
  until(`${count} events`, () => heard.length >= count).then(() => [...heard]);

same('etcd3 watches a prefix, with what was there before, until it cancels', async (etcd) => {
  const watcher = await etcd.watch().prefix('/app/watch/').withPreviousKV().create();
  const heard = listen(watcher);
  await etcd.put('/app/watch/a').value('1');
  await etcd.put('/app/watch/a').value('2');
  await etcd.put('/app/watched').value('elsewhere');
  await etcd.delete().key('/app/watch/a');
  const before = await lines(3, heard);
  await watcher.cancel();
  await etcd.put('/app/watch/a').value('3');
  return [before, heard.length];
});

same('etcd3 watches one key from a revision of the past, or only what is deleted', async (etcd) => {
  const { header } = await etcd.put('/app/past').value('1');
  await etcd.put('/app/past').value('2');
  await etcd.delete().key('/app/past');
  const past = () => etcd.watch().key('/app/past').startRevision(header.revision);
  const first = await past().create();
  const all = listen(first);
  const second = await past().only('delete').withPreviousKV().create();
  const deleted = listen(second);
  const answer = [await lines(3, all), await lines(1, deleted)];
  // One that is left connects again and again, also when its client is closed.
  await first.cancel();
  await second.cancel();
  return answer;
});

same('etcd3 is told that it may not watch, and that a revision is compacted', async (etcd, cluster) => {
  // A client each: a watch that is refused keeps the next of its client from being created.
  const refused = (watch: (own: Etcd3) => Watcher): Promise<string> =>
    asEtcd3(cluster, 'app', async (own) => {
      const [error] = await once(watch(own), 'error');
      return String((error as Error).message);
    });
  const { header } = await etcd.put('/app/compacted').value('1');
  const { header: last } = await etcd.put('/app/compacted').value('2');
  await asEtcd3(cluster, 'root', (root) => root.kv.compact({ revision: last.revision, physical: true }));
  return [
    await refused((own) => own.watch().prefix('/other/').watcher()),
    await refused((own) => own.watch().key('/app/compacted').startRevision(header.revision).watcher()),
  ];
});

same('etcd3 puts with a lease, keeps it alive, and the keys go when it is revoked', async (etcd) => {
  const lease = etcd.lease(20);
  await lease.put('/app/leased/1').value('x');
  await lease.put('/app/leased/2').value('y');
  const { TTL } = await lease.keepaliveOnce();
  const there = await etcd.getAll().prefix('/app/leased/').strings();
  await lease.revoke();
  return [TTL, there, await etcd.getAll().prefix('/app/leased/').strings(), lease.revoked()];
});

same('etcd3 says that a lease is lost which somebody else has revoked', async (etcd, cluster) => {
  const lease = etcd.lease(2);
  const id = await lease.grant();
  await lease.put('/app/lost').value('x');
  const lost = once(lease, 'lost');
  await asEtcd3(cluster, 'app', (other) => other.leaseClient.leaseRevoke({ ID: id }));
  const [error] = await lost;
  return [(error as Error).name, await etcd.get('/app/lost').string()];
});

same('etcd3 gives a lock to one at a time', async (etcd) => {
  const mine = await etcd.lock('/app/locked').ttl(20).acquire();
  const message = (error: unknown): string => (error as Error).message;
  const refused = await etcd
    .lock('/app/locked')
    .acquire()
    .then(() => 'acquired', message);
  await mine.release();
  return [refused, await etcd.lock('/app/locked').do(() => 'mine now')];
});

same('etcd3 elects a leader, tells who watches, and elects the next when it resigns', async (etcd) => {
  const election = etcd.namespace('/app/').election('chief', 20);
  const first = await election.campaign('first').wait();
  const second = election.campaign('second');
  const elected = second.wait();
  const observer = await election.observe();
  const seen = [observer.leader()];
  observer.on('change', (leader) => seen.push(leader));
  await first.proclaim('still first');
  await until('the new value', () => seen.includes('still first'));
  await first.resign();
  await elected;
  await until('the next leader', () => seen.at(-1) === 'second');
  const leader = await election.leader();
  await observer.cancel();
  await second.resign();
  return [seen[0], seen.at(-1), leader, await election.leader()];
});

same('etcd3 stays inside its namespace with watches, leases and locks', async (etcd) => {
  const space = etcd.namespace('/app/space/');
  const watcher = await space.watch().prefix('').create();
  const heard = listen(watcher);
  const lease = space.lease(20);
  await lease.put('leased').value('x');
  const locked = await space.lock('lock').do(() => etcd.getAll().prefix('/app/space/').keys());
  await lease.revoke();
  const events = (await lines(4, heard)).map((line) => line.replace(/=.*/, ''));
  await watcher.cancel();
  return [locked, events, await space.getAll().keys()];
});

same('etcd3 counts in transactions of memory, and of many at once none is lost', async (etcd) => {
  await etcd.put('/app/counter').value('0');
  const increment = () =>
    etcd.stm({ retries: 100 }).transact(async (tx) => {
      const count = Number(await tx.get('/app/counter'));
      await tx.put('/app/counter').value(String(count + 1));
    });
  await Promise.all(Array.from({ length: 8 }, increment));
  return etcd.get('/app/counter').string();
});

same(
  'etcd3 administers users and roles, who then sign in with a password and are refused the rest',
  async (etcd, cluster) => {
    const role = await etcd.role('guests').create();
    await role.grant([
      { permission: 'Readwrite', range: Range.prefix('/guest/') },
      { permission: 'Read', key: '/notice' },
    ]);
    const guest = await etcd.user('guest').create('first-word');
    await guest.addRole(role);
    await guest.setPassword('second-word');
    const as = (password: string) =>
      asEtcd3(
        cluster,
        'nobody',
        async (own) =>
          own
            .put('/guest/1')
            .value('x')
            .then(() => 'put'),
        {
          auth: { username: 'guest', password },
        },
      ).catch((error: Error) => error.message.replace(/^\d+ \w+: /, ''));
    const signedIn = [await as('first-word'), await as('second-word')];
    const permissions = (await role.permissions()).map(({ permission, range }) => [
      permission,
      range.start.toString(),
      range.end.toString(),
    ]);
    const held = (await guest.roles()).map(({ name }) => name);
    await role.revoke({ permission: 'Readwrite', range: Range.prefix('/guest/') });
    const revoked = await as('second-word');
    await guest.removeRole(role);
    const names = async () => [await etcd.getUsers(), await etcd.getRoles()].map((all) => all.map(({ name }) => name));
    const before = await names();
    await guest.delete();
    await role.delete();
    return [signedIn, permissions, held, revoked, before, await names(), await as('second-word')];
  },
  'root',
);
