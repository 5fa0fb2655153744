import test from 'ava';
import type { MemberInfo, MemberStatus } from '#cluster';
import {
  hashTroubles,
  membershipTroubles,
  otherEndpoints,
  type Seen,
  statusTroubles,
} from '../../../wizard/doctor/members.js';
import { diskTroubles, parseFigures, percentile99, quotaTroubles } from '../../../wizard/doctor/metrics.js';
import { samplePlan } from '../plans.js';

// What can't be planted in a real cluster in a moment: judged from what members would say.

const mebibyte = 1024 * 1024;

const seen = (n: number, status: Partial<MemberStatus> = {}, tookMs = 1): Seen => ({
  ...{ endpoint: `https://m${n}:2379`, tookMs },
  status: {
    ...{ header: { memberId: BigInt(n), revision: 7 }, leader: 1n, version: '3.6.0', errors: [] },
    ...{ index: 9, appliedIndex: 9, dbSize: mebibyte, dbSizeInUse: mebibyte, term: 1, learner: false },
    ...status,
  } as unknown as MemberStatus,
});

const member = (n: number, more: Partial<MemberInfo> = {}): MemberInfo => ({
  ...{ id: BigInt(n) as MemberInfo['id'], name: `m${n}`, learner: false },
  ...{ clientUrls: [`https://10.0.0.${n}:2379`], peerUrls: [`https://10.0.0.${n}:2380`] },
  ...more,
});

const three = [1, 2, 3];
const codes = (found: readonly { readonly code: string }[]): string[] => found.map(({ code }) => code);

test('nothing is wrong with three alike', (t) => {
  const all = three.map((n) => seen(n));
  t.deepEqual(
    [
      ...statusTroubles(all),
      ...membershipTroubles(
        three.map((n) => member(n)),
        all,
        undefined,
        true,
      ),
    ],
    [],
  );
});

for (const [code, status, tookMs] of [
  ['no-leader', { leader: 0n }],
  ['alarm-raised', { errors: ['memberID:1 alarm:NOSPACE '] }],
  ['apply-lags', { index: 100_000 }],
  ['versions-differ', { version: '3.5.0' }],
  ['slow-answers', {}, 1_200],
] as const) {
  test(`a member that says so: ${code}`, (t) =>
    t.deepEqual(codes(statusTroubles([seen(1), seen(2, status as Partial<MemberStatus>, tookMs)])), [code]));
}

for (const [code, more] of [
  ['member-unstarted', { name: '' }],
  ['dead-address', { clientUrls: ['https://0.0.0.0:2379'] }],
  ['dead-address', { clientUrls: ['https://localhost:2379'] }],
  ['plain-url', { peerUrls: ['http://10.0.0.3:2380'] }],
] as const) {
  test(`a member that is known like that: ${code}, ${JSON.stringify(more)}`, (t) => {
    const members = [member(1), member(2), member(3, more)];
    t.deepEqual(
      codes(
        membershipTroubles(
          members,
          three.map((n) => seen(n)),
          undefined,
          true,
        ),
      ),
      [code],
    );
  });
}

test('too few voters, an even number, a learner, and others than the plan has', (t) => {
  const plan = samplePlan('included', 'systemd', 3);
  const members = [
    member(1),
    member(2),
    member(3, { name: 'x' }),
    member(4, { name: 'y' }),
    member(5, { learner: true }),
  ];
  t.deepEqual(codes(membershipTroubles(members, [seen(1)], plan, true)), [
    'no-quorum',
    'even-voters',
    'is-learner',
    'members-differ',
    'members-differ',
    'members-differ',
    'members-differ',
  ]);
});

test('hashes are compared up to one revision, where all have compacted alike', async (t) => {
  const { signal } = new AbortController();
  const all = [seen(1), seen(2)];
  const hashes = (second: { hash: number; compactRevision: number }) => ({
    hashKeys: async (endpoint: string) => ({
      header: {},
      hash: 1,
      compactRevision: -1,
      ...(endpoint.includes('m2') ? second : {}),
    }),
  });
  const found = async (second: { hash: number; compactRevision: number }) =>
    codes(await hashTroubles(hashes(second) as never, all, signal));
  t.deepEqual(await found({ hash: 2, compactRevision: -1 }), ['hashes-differ']);
  t.deepEqual(await found({ hash: 1, compactRevision: -1 }), []);
  t.deepEqual(await found({ hash: 2, compactRevision: 5 }), []);
});

const histogram = (slow: number): string => `# HELP etcd_disk_wal_fsync_duration_seconds x
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 10
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.512"} ${1000 - slow}
etcd_disk_wal_fsync_duration_seconds_bucket{le="1.024"} ${1000 - slow / 2}
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 1000
etcd_disk_wal_fsync_duration_seconds_count 1000
etcd_server_quota_backend_bytes 1.048576e+08
`;

test('a slow disk is told by the bucket that holds the slowest of a hundred', (t) => {
  t.true((percentile99(parseFigures(histogram(0)), 'etcd_disk_wal_fsync_duration_seconds') ?? 9) < 0.512);
  t.is(percentile99(parseFigures(histogram(100)), 'etcd_disk_wal_fsync_duration_seconds'), 1.024);
  t.deepEqual(diskTroubles('e', parseFigures(histogram(0))), []);
  t.deepEqual(diskTroubles('e', parseFigures(histogram(100)))[0]?.severity, 'error');
  t.deepEqual(diskTroubles('e', parseFigures('')), []);
});

test('a store is held against its quota, and against what of it is in use', (t) => {
  const figures = parseFigures(histogram(0));
  t.deepEqual(codes(quotaTroubles(seen(1, { dbSize: 90 * mebibyte, dbSizeInUse: 80 * mebibyte }), figures)), [
    'store-full',
  ]);
  t.deepEqual(codes(quotaTroubles(seen(1, { dbSize: 200 * mebibyte, dbSizeInUse: 20 * mebibyte }), parseFigures(''))), [
    'store-sparse',
  ]);
  t.deepEqual(quotaTroubles(seen(1), figures), []);
});

test('members that no endpoint is are found where they say, and nowhere that is nobody or without TLS', async (t) => {
  const advertised = [
    ['https://10.0.0.1:2379'],
    ['http://10.0.0.2:2379', 'https://10.0.0.2:2379'],
    ['http://evil.example:80'],
    ['https://0.0.0.0:2379'],
    ['https://localhost:2379'],
    ['https://a:b@10.0.0.6:2379', 'unix:///tmp/x', 'https://10.0.0.6:99999', 'https://[::]:2379'],
    ['https://[fd00::7]:2379'],
  ];
  const client = {
    endpoints: ['https://10.0.0.1:2379'],
    status: async () => seen(1).status,
    memberList: async () => advertised.map((clientUrls, at) => member(at + 1, { clientUrls })),
  };
  const { signal } = new AbortController();
  t.deepEqual(await otherEndpoints(client, signal), ['https://10.0.0.2:2379', 'https://[fd00::7]:2379']);
});
