import { ClusterError, type EtcdClient, idText, type MemberInfo, type MemberStatus } from '#cluster';
import { isLoopback, isUnspecified } from '../plan/address.js';
import type { Plan } from '../plan/plan.js';
import { quoted } from '../shown.js';
import { hintOf, isOfAccess } from '../store-hints.js';
import { type Diagnosis, error, note, warning } from './diagnosis.js';
import { hostOf } from './settings/read.js';

// What members say of themselves, and of one another.

const patienceMs = 3_000;
/** The usual election timeout. */
const slowMs = 1_000;
const lagMax = 5_000;
const othersMax = 16;

/** A member's own view, and how long it took to ask for it. */
export interface Seen {
  readonly endpoint: string;
  readonly status: MemberStatus;
  readonly tookMs: number;
}

/** Those that answer. */
export async function seeMembers(
  client: EtcdClient,
  signal: AbortSignal,
): Promise<{ readonly seen: readonly Seen[]; readonly silent: readonly Diagnosis[] }> {
  const asked = client.endpoints.map(async (endpoint) => {
    const began = performance.now();
    const status = await client.status(endpoint, { signal, timeoutMs: patienceMs });
    return { endpoint, status, tookMs: performance.now() - began };
  });
  const settled = await Promise.allSettled(asked);
  const silent = settled.flatMap((each, at) =>
    each.status === 'fulfilled' ? [] : [withoutStatus(client.endpoints[at] ?? '', each.reason)],
  );
  return { seen: settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])), silent };
}

/** Who is refused has reached it: from etcd 3.5 on only root, or only who has a name, is told. */
const withoutStatus = (endpoint: string, cause: unknown): Diagnosis =>
  cause instanceof ClusterError && isOfAccess(cause)
    ? warning('not-let-in', endpoint, reasonOf(cause), hintOf(cause))
    : error('unreachable', endpoint, reasonOf(cause), 'start it, or see what is between');

/** Where the members that no endpoint of the client is are to be found, as they advertise it; none where that can't be asked. */
export async function otherEndpoints(
  client: Pick<EtcdClient, 'endpoints' | 'status' | 'memberList'>,
  signal: AbortSignal,
): Promise<string[]> {
  const asked = client.endpoints.map((endpoint) => client.status(endpoint, { signal, timeoutMs: patienceMs }));
  const [listed, ...answers] = await Promise.allSettled([
    client.memberList({ signal, timeoutMs: patienceMs }),
    ...asked,
  ]);
  signal.throwIfAborted();
  const named = new Set(answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value.header.memberId] : [])));
  const isHere = client.endpoints.every((endpoint) => isLoopback(hostOf(endpoint)));
  // Whoever asks by TLS tells nobody who they are without.
  const isPlain = client.endpoints.some((endpoint) => endpoint.startsWith('http:'));
  const mayBeAsked = (url: string): boolean =>
    isDialled(url) && (isPlain || url.startsWith('https:')) && (isHere || !isLoopback(hostOf(url)));
  const members = listed.status === 'fulfilled' ? listed.value : [];
  const found = members.flatMap(({ id, clientUrls }) => {
    const url = clientUrls.find(mayBeAsked);
    return url === undefined || named.has(id) || client.endpoints.includes(url) ? [] : [url];
  });
  return [...new Set(found)].slice(0, othersMax);
}

/** A member can advertise whatever it likes. */
const isDialled = (url: string): boolean =>
  /^https?:\/\/[\w.[\]:-]+:\d+$/.test(url) && URL.canParse(url) && !isUnspecified(hostOf(url));

const reasonOf = (cause: unknown): string => quoted(cause instanceof Error ? cause.message : String(cause), 300);

export const statusTroubles = (seen: readonly Seen[]): Diagnosis[] => [
  ...seen.flatMap(({ endpoint, status: { leader, errors, index, appliedIndex }, tookMs }) => [
    ...(leader === 0n
      ? [error('no-leader', endpoint, 'it knows of no leader', 'quorate status; start the members that do not run')]
      : []),
    ...errors
      .filter((text) => /alarm/i.test(text))
      .map((text) => error('alarm-raised', endpoint, text.slice(0, 200), alarmCure(text))),
    ...(index - appliedIndex > lagMax
      ? [
          warning(
            'apply-lags',
            endpoint,
            `it has ${index - appliedIndex} entries yet to carry out`,
            'look at its disk and its processor',
          ),
        ]
      : []),
    ...(tookMs > slowMs
      ? [warning('slow-answers', endpoint, `it took ${Math.round(tookMs)} ms to say how it is`)]
      : []),
  ]),
  ...versionTroubles(seen),
];

const alarmCure = (text: string): string =>
  /corrupt/i.test(text)
    ? 'find the member that differs (etcdctl endpoint hashkv --cluster), remove it, and add it again empty'
    : 'compact and defragment, then etcdctl alarm disarm; or raise --quota-backend-bytes';

/** As etcd writes its own, and no longer than that. */
const versionPattern = /^\d{1,3}\.\d{1,3}\.\d{1,3}(-[\w.]{1,32})?$/;

function versionTroubles(seen: readonly Seen[]): Diagnosis[] {
  const strange = seen
    .filter(({ status }) => !versionPattern.test(status.version))
    .map(({ endpoint, status }) =>
      warning(
        'version-strange',
        endpoint,
        `it says that it is of version ${quoted(status.version, 40)}`,
        'see with curl https://HOST:PORT/version who answers there',
      ),
    );
  const versions = [...new Set(seen.map(({ status }) => status.version))].sort();
  if (versions.length < 2 || strange.length > 0) return strange;
  return [
    warning(
      'versions-differ',
      'the cluster',
      `members are of ${versions.join(', ')}`,
      'bring all to the latest of them',
    ),
  ];
}

/** @param plan undefined: of a cluster that is in none. @param asked how many endpoints; those of a plan are all members' */
export function membershipTroubles(
  members: readonly MemberInfo[],
  seen: readonly Seen[],
  plan: Plan | undefined,
  usesTls: boolean,
  asked = seen.length,
): Diagnosis[] {
  const voters = members.filter(({ learner }) => !learner);
  const answering = new Set(seen.map(({ status }) => status.header.memberId));
  const there = voters.filter(({ id }) => answering.has(id)).length;
  const needed = Math.floor(voters.length / 2) + 1;
  const found: Diagnosis[] = [];
  if (there < needed && seen.length > 0 && (plan !== undefined || seen.length < asked))
    found.push(
      error(
        'no-quorum',
        'the cluster',
        `${there} of ${voters.length} voters answer, ${needed} are needed`,
        'start the others: quorate up',
      ),
    );
  if (voters.length % 2 === 0)
    found.push(warning('even-voters', 'the cluster', `it has ${voters.length} voters`, 'add one, or remove one'));
  for (const member of members) {
    const name = member.name || member.peerUrls.join(', ');
    if (member.name === '')
      found.push(
        warning(
          member.learner ? 'learner-unstarted' : 'member-unstarted',
          name,
          'it was added and has never started',
          `start it, or etcdctl member remove ${idText(member.id)}`,
        ),
      );
    else if (member.learner)
      found.push(note('is-learner', name, 'it is a learner', 'etcdctl member promote, once it has caught up'));
    found.push(...urlTroubles(name, member, members, usesTls));
  }
  return [...found, ...(plan === undefined ? [] : planTroubles(members, plan))];
}

function urlTroubles(name: string, member: MemberInfo, all: readonly MemberInfo[], usesTls: boolean): Diagnosis[] {
  const urls = [...member.clientUrls, ...member.peerUrls];
  const plain = usesTls ? urls.filter((url) => url.startsWith('http:')) : [];
  const isHere = (url: string): boolean => isLoopback(hostOf(url));
  // A cluster of one machine is dialled there.
  const allHere = all.every(({ clientUrls, peerUrls }) => [...clientUrls, ...peerUrls].every(isHere));
  const dead = urls.filter((url) => isUnspecified(hostOf(url)) || (!allHere && isHere(url)));
  return [
    ...plain.map((url) =>
      error(
        'plain-url',
        name,
        `it advertises ${url}`,
        'https:// in --advertise-client-urls and --initial-advertise-peer-urls',
      ),
    ),
    ...dead.map((url) =>
      error(
        'dead-address',
        name,
        `it advertises ${url}`,
        'an address of its own in --advertise-client-urls, which its certificate has',
      ),
    ),
  ];
}

function planTroubles(members: readonly MemberInfo[], plan: Plan): Diagnosis[] {
  const [live, planned] = [members.map(({ name }) => name), plan.members.map(({ name }) => name)];
  const missing = planned.filter((name) => !live.includes(name));
  const strange = live.filter((name) => name !== '' && !planned.includes(name));
  return [
    ...missing.map((name) =>
      warning(
        'members-differ',
        name,
        'the plan has it, and the cluster does not',
        'etcdctl member add it, or take it out of the plan',
      ),
    ),
    ...strange.map((name) =>
      warning(
        'members-differ',
        name,
        'the cluster has it, and the plan does not',
        'write it into the plan, or etcdctl member remove it',
      ),
    ),
  ];
}

/** Up to the revision that all have reached; compared where all have compacted up to the same one. */
export async function hashTroubles(
  client: EtcdClient,
  seen: readonly Seen[],
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const [at, ...more] = seen.map(({ status }) => status.header.revision).sort((a, b) => a - b);
  if (at === undefined || more.length === 0) return [];
  const asked = seen.map(async ({ endpoint }) => ({
    endpoint,
    ...(await client.hashKeys(endpoint, at, { signal, timeoutMs: patienceMs })),
  }));
  const settled = await Promise.allSettled(asked);
  signal.throwIfAborted();
  const hashes = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  for (const each of settled)
    if (each.status === 'rejected' && !(each.reason instanceof ClusterError)) throw each.reason;
  const alike = [...new Set(hashes.map(({ compactRevision }) => compactRevision))].map((compacted) =>
    hashes.filter(({ compactRevision }) => compactRevision === compacted),
  );
  const unequal = alike.find((group) => new Set(group.map(({ hash }) => hash)).size > 1);
  if (unequal === undefined) return [];
  const words = unequal.map(({ endpoint, hash }) => `${endpoint} ${hash.toString(16)}`).join(', ');
  return [
    error(
      'hashes-differ',
      'the cluster',
      `at revision ${at} its members' hashes are ${words}`,
      'save a snapshot of the one that is right, and begin the others anew',
    ),
  ];
}
