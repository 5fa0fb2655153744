import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { index, memberId, term } from '../../../cluster/numbers.js';
import type { Message } from '../../../cluster/raft/types.js';
import { folderOf, issue, makeAuthority } from './certificates.js';
import { eventually } from './eventually.js';
import { certified, contexts, heartbeat, introduce, type Member, openMember } from './peers.js';

async function openPair(t: ExecutionContext): Promise<readonly [Member, Member]> {
  const { files } = certified(t, 2);
  const [one, two] = [
    await openMember(t, { id: 1n, files: files[0] as NonNullable<(typeof files)[0]> }),
    await openMember(t, { id: 2n, files: files[1] as NonNullable<(typeof files)[1]> }),
  ];
  return [one, two];
}

const hears = (from: Member, to: Member, context: number): Promise<boolean> => {
  from.network.send([heartbeat(from, to, context)]);
  return eventually(`${to.peer.name} hearing ${context}`, () => contexts(to.heard).includes(context));
};

test('members with certificates of one authority exchange messages, whole and in order', async (t) => {
  const [one, two] = await openPair(t);
  introduce(one, two);
  const data = Buffer.alloc(3_000_000, 'x');
  const large = {
    kind: 'append',
    from: one.peer.id,
    to: two.peer.id,
    term: term(2),
    prevIndex: index(7),
    prevTerm: term(1),
    commit: index(7),
    entries: [
      { index: index(8), term: term(2), kind: 'command', data },
      { index: index(9), term: term(2), kind: 'empty', data: Buffer.alloc(0) },
    ],
  } as const satisfies Message;
  await hears(one, two, 0);
  one.network.send([heartbeat(one, two, 1), large, heartbeat(one, two, 2)]);
  await hears(two, one, 3);
  await eventually('the last', () => contexts(two.heard).includes(2));
  const received = two.heard[2];
  t.deepEqual(
    two.heard.toSpliced(2, 1),
    [0, 1, 2].map((context) => heartbeat(one, two, context)),
  );
  if (received?.kind !== 'append') throw new Error('the append is not where it belongs');
  const [first, second] = received.entries;
  // Not by deepEqual, which takes seconds for so many bytes.
  t.true(first !== undefined && data.equals(first.data));
  t.deepEqual({ ...received, entries: [second] }, { ...large, entries: [large.entries[1]] });
});

test('members without TLS exchange messages', async (t) => {
  const [one, two] = [await openMember(t, { id: 1n }), await openMember(t, { id: 2n })];
  introduce(one, two);
  t.true(await hears(one, two, 1));
  t.true(await hears(two, one, 2));
});

test("a message whose `from` is another member than its certificate's is dropped and logged", async (t) => {
  const { files } = certified(t, 3);
  const [, second, third] = files;
  const honest = await openMember(t, { id: 1n, files: files[0] ?? raise() });
  const two = await openMember(t, { id: 2n, files: second ?? raise() });
  const impostor = await openMember(t, { id: 2n, name: 'm2', files: third ?? raise() });
  honest.network.setPeers([two.peer]);
  impostor.network.setPeers([honest.peer]);
  impostor.network.send([heartbeat(impostor, honest, 66)]);
  const refusal = await eventually('the refusal', () => honest.logger.lines.find(({ level }) => level === 'warn'));
  t.is(refusal.message, 'refused a stream, its messages are dropped');
  t.is(String(refusal.fields.error), 'ClusterError: certificate "CN=m3" is not that of member m2');
  const told = await eventually('the news', () => impostor.logger.lines.find(({ level }) => level === 'warn'));
  t.is(told.message, 'peer refused the connection');
  two.network.setPeers([honest.peer]);
  await hears(two, honest, 1);
  t.deepEqual(contexts(honest.heard), [1]);
});

const raise = (): never => {
  throw new Error('there are not so many certificates');
};

test('a member is not spoken to where another member answers', async (t) => {
  const { files } = certified(t, 2);
  const one = await openMember(t, { id: 1n, files: files[0] ?? raise() });
  const two = await openMember(t, { id: 2n, files: files[1] ?? raise() });
  one.network.setPeers([two.peer, { id: memberId(3n), name: 'm3', urls: two.peer.urls }]);
  const warning = await eventually('the warning', () => one.logger.lines.find(({ level }) => level === 'warn'));
  t.is(String(warning.fields.error), 'ClusterError: certificate "CN=m2" is not that of member m3');
});

test('a member of another cluster is refused, and both sides say so', async (t) => {
  const { files } = certified(t, 2);
  const one = await openMember(t, { id: 1n, files: files[0] ?? raise() });
  const two = await openMember(t, { id: 2n, files: files[1] ?? raise(), cluster: 0xc2n });
  introduce(one, two);
  two.network.send([heartbeat(two, one, 1)]);
  for (const member of [one, two]) {
    const refused = await eventually('the refusals', () => {
      const errors = member.logger.lines.map(({ fields }) => String(fields.error));
      return (
        errors.includes('ClusterError: this is cluster c1, not c2') &&
        errors.includes('ClusterError: this is cluster c2, not c1')
      );
    });
    t.true(refused);
  }
  t.deepEqual(one.heard, []);
});

const stranger = test.macro({
  title: (_, who: string) => `a member ${who} is not heard`,
  exec: async (t, who: string) => {
    const { files, authority } = certified(t, 2);
    const folder = folderOf(t);
    const own = issue(folder, makeAuthority(folder, 'other'), { name: 'm2' });
    // It trusts the honest one, who does not trust it.
    writeFileSync(own.ca ?? '', readFileSync(authority.cert), { flag: 'a' });
    const one = await openMember(t, { id: 1n, files: files[0] ?? raise() });
    const two = await openMember(t, { id: 2n, ...(who.startsWith('without') ? {} : { files: own }) });
    one.network.setPeers([two.peer]);
    two.network.setPeers([
      { ...one.peer, urls: [one.peer.urls[0]?.replace('https', who.startsWith('without') ? 'http' : 'https') ?? ''] },
    ]);
    two.network.send([heartbeat(two, one, 1)]);
    await eventually('the rejection', () =>
      one.logger.warnings().find((line) => line.startsWith('rejected connection')),
    );
    await eventually('another attempt', () => two.unreachable.length === 1);
    t.deepEqual(one.heard, []);
  },
});
test(stranger, 'with a certificate of another authority');
test(stranger, 'without TLS');

test('certificates and the authority are replaced without a restart, while messages flow', async (t) => {
  const { files, authority } = certified(t, 2);
  const folder = folderOf(t);
  const next = makeAuthority(folder, 'next');
  // Each member has its own bundle, as on its own host.
  const bundles = files.map((own, at) => {
    const ca = `${folder}/bundle-${at}.crt`;
    copyFileSync(authority.cert, ca);
    return { ...own, ca };
  });
  const [first, second] = bundles;
  const one = await openMember(t, { id: 1n, files: first ?? raise() });
  const two = await openMember(t, { id: 2n, files: second ?? raise() });
  introduce(one, two);
  let context = 0;
  const flowing = async () => {
    await hears(one, two, ++context);
    await hears(two, one, ++context);
  };
  const taken = async (count: number) => {
    for (const { logger } of [one, two]) {
      const changes = () => logger.lines.filter(({ message }) => message.startsWith('TLS files changed, ')).length;
      await eventually('the new files', () => changes() >= count);
    }
  };
  const reconnected = async () => {
    for (const { network } of [one, two]) network.setPeers([]);
    introduce(one, two);
    await flowing();
  };
  await flowing();

  for (const { ca } of bundles)
    writeFileSync(ca, Buffer.concat([readFileSync(authority.cert), readFileSync(next.cert)]));
  await taken(1);
  await flowing();
  await reconnected();

  for (const [at, own] of bundles.entries()) {
    const issued = issue(folder, next, { name: `m${at + 1}`, file: 'issued' });
    copyFileSync(issued.key, own.key);
    copyFileSync(issued.cert, own.cert);
  }
  await taken(2);
  await flowing();
  for (const { ca } of bundles) copyFileSync(next.cert, ca);
  await taken(3);
  await reconnected();
  t.deepEqual(
    [one, two].flatMap(({ logger }) => logger.warnings()).filter((line) => line.startsWith('rejected')),
    [],
  );
});

test('what waits for a peer that is away is bounded: the newest arrive, and raft is told once', async (t) => {
  const away = await openMember(t, { id: 2n });
  await away.close();
  const one = await openMember(t, { id: 1n, limits: { outboxApart: { messagesMax: 10, bytesMax: 1000 } } });
  one.network.setPeers([away.peer]);
  for (let context = 1; context <= 500; context++) one.network.send([heartbeat(one, away, context)]);
  await eventually('being told', () => one.unreachable.length > 0);
  const back = await openMember(t, { id: 2n, port: away.port });
  back.network.setPeers([one.peer]);
  await eventually('the newest', () => contexts(back.heard).includes(500));
  t.deepEqual(contexts(back.heard), [491, 492, 493, 494, 495, 496, 497, 498, 499, 500]);
  t.deepEqual(one.unreachable, [away.peer.id]);
});

test('a peer that comes up is reached at once, as it reaches us', async (t) => {
  const early = await openMember(t, { id: 1n, limits: { retryMinMs: 60_000, retryMaxMs: 60_000 } });
  const gone = await openMember(t, { id: 2n });
  await gone.close();
  early.network.setPeers([gone.peer]);
  await eventually('the failure', () => early.unreachable.length === 1);
  const late = await openMember(t, { id: 2n, port: gone.port });
  late.network.setPeers([early.peer]);
  t.true(await hears(early, late, 1));
});

test('a member that does not know its peers yet is asked again soon, without a word in the log', async (t) => {
  const one = await openMember(t, { id: 1n, limits: { retryMaxMs: 100 } });
  const two = await openMember(t, { id: 2n });
  one.network.setPeers([two.peer]);
  await eventually('the first refusal', () => one.unreachable.length === 1);
  introduce(one, two);
  t.true(await hears(one, two, 1));
  t.deepEqual(one.logger.warnings(), []);
  t.deepEqual(two.logger.warnings(), []);
});

test('what is sent to a member that is still starting reaches it once it listens', async (t) => {
  const one = await openMember(t, { id: 1n, limits: { retryMinMs: 60_000, retryMaxMs: 60_000 } });
  const two = await openMember(t, { id: 2n, isStarting: true });
  introduce(one, two);
  one.network.send([heartbeat(one, two, 1)]);
  await eventually('being turned away', () => one.unreachable.length === 1);
  two.listen();
  await eventually('the message', () => two.heard.length > 0);
  t.deepEqual(two.heard, [heartbeat(one, two, 1)]);
});

/** Passes connections on until it is told to swallow everything. */
async function openTunnel(t: ExecutionContext, port: number) {
  let swallows = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => to.destroy());
      from.on('data', (chunk) => void (swallows || to.write(chunk)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    swallow: (on: boolean) => {
      swallows = on;
    },
  };
}

test('a peer whose packets vanish is noticed, and found again when they no longer do', async (t) => {
  const one = await openMember(t, { id: 1n, limits: { pingMs: 50, connectMs: 300 } });
  const two = await openMember(t, { id: 2n });
  const tunnel = await openTunnel(t, two.port);
  two.network.setPeers([one.peer]);
  one.network.setPeers([{ ...two.peer, urls: [tunnel.url] }]);
  await hears(one, two, 1);
  tunnel.swallow(true);
  const begun = performance.now();
  await eventually('being told', () => one.unreachable.length === 1);
  t.true(performance.now() - begun < 2000);
  tunnel.swallow(false);
  t.true(await hears(one, two, 2));
});

test('who is no longer a peer is neither heard nor spoken to', async (t) => {
  const [one, two] = await openPair(t);
  introduce(one, two);
  await hears(one, two, 1);
  await hears(two, one, 2);
  one.network.setPeers([]);
  one.network.send([heartbeat(one, two, 3)]);
  await eventually('the break', () => two.unreachable.length === 1);
  two.network.send([heartbeat(two, one, 4)]);
  await eventually('the refusal', () => two.logger.warnings().includes('peer refused the connection'));
  t.deepEqual(contexts(one.heard), [2]);
  t.deepEqual(contexts(two.heard), [1]);
});

test('nothing is called back after close, which takes bounded time', async (t) => {
  const [one, two] = await openPair(t);
  introduce(one, two);
  await hears(one, two, 1);
  const begun = performance.now();
  await one.close();
  t.true(performance.now() - begun < 2000);
  await eventually('the break', () => two.unreachable.length === 1);
  t.deepEqual(one.unreachable, []);
});
