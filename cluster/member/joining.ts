import type { Clock } from '../clock.js';
import type { MemberConfig } from '../config/index.js';
import { ClusterError } from '../errors.js';
import { idText } from '../numbers.js';
import type { Member } from '../operations/members.js';
import type { TlsMaterial } from '../transport/tls-material.js';
import type { Identity } from './data-dir.js';
import { askForMembers, type KnownCluster } from './peer-questions.js';

/** A member that was asked may not have heard yet that this one was added. */
const patienceMs = 5000;
const againMs = 250;

/**
 * Finds this member's place in a running cluster (--initial-cluster-state=existing), by the peer URLs that it was added with.
 * @throws ClusterError flag-refused when the flags do not describe the cluster; connection-failed when nobody is reached
 */
export async function joinCluster(
  config: MemberConfig,
  material: TlsMaterial | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly identity: Identity; readonly members: readonly Member[] }> {
  const urls = config.initialCluster
    .filter(({ name }) => name !== config.name)
    .flatMap((member) => member.urls.map(({ text }) => text))
    .sort();
  const deadline = clock.now() + patienceMs;
  for (;;) {
    const { found, failure } = await lookAround(config, urls, material);
    if (found !== undefined) return found;
    if (clock.now() >= deadline) throw failure;
    if (signal.aborted) throw new ClusterError('stopped', 'stopped before the cluster was found');
    await new Promise<void>((resolve) => void clock.after(againMs, resolve));
  }
}

async function lookAround(config: MemberConfig, urls: readonly string[], material: TlsMaterial | undefined) {
  let failure = nobody(urls, undefined);
  for (const url of urls) {
    try {
      return { found: placeIn(config, await askForMembers(url, material)), failure };
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      // That the flags are wrong says more than that somebody else is away.
      if (failure.code !== 'flag-refused') failure = error.code === 'flag-refused' ? error : nobody(urls, error);
    }
  }
  return { found: undefined, failure };
}

const nobody = (urls: readonly string[], cause: ClusterError | undefined): ClusterError =>
  new ClusterError(
    'connection-failed',
    `cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs${cause ? `: ${cause.message}` : ''}`,
    { urls },
    {
      hint: 'at least one other member of --initial-cluster must be running, and reachable at its peer URL with this certificate',
      ...(cause === undefined ? {} : { cause }),
    },
  );

const urlsOf = (urls: readonly string[]): string => [...urls].sort().join();

/** As in etcd, the flags name all members, this one too, each with its peer URLs. The cluster knows their ids. */
function placeIn(config: MemberConfig, { clusterId, members }: KnownCluster) {
  const named = config.initialCluster.map(({ name, urls }) => ({ name, urls: urlsOf(urls.map(({ text }) => text)) }));
  if (named.length !== members.length) throw mismatch(members, 'member count is unequal');
  for (const { id, peerUrls } of members) {
    if (named.some(({ urls }) => urls === urlsOf(peerUrls))) continue;
    throw mismatch(members, `PeerURLs: no match found for existing member (${idText(id)}, [${peerUrls.join(' ')}])`);
  }
  const own = named.find(({ name }) => name === config.name);
  const self = members.find(({ peerUrls }) => urlsOf(peerUrls) === own?.urls);
  if (self === undefined) throw mismatch(members, `no member has the peer URLs of ${config.name}`);
  if (self.name !== '') throw alreadyStarted(self);
  return { identity: { clusterId, memberId: self.id, name: config.name }, members };
}

const mismatch = (members: readonly Member[], why: string): ClusterError => {
  const known = members.map(({ name, peerUrls }) => `${name || '(not started)'}=${peerUrls.join()}`).join(' ');
  return new ClusterError(
    'flag-refused',
    `error validating peerURLs {${known}}: ${why}`,
    {},
    { hint: '--initial-cluster must name exactly the members that `etcdctl member list` shows, this one included' },
  );
};

/** It has data somewhere, and may have promised what this one knows nothing of. */
const alreadyStarted = ({ id, name }: Member): ClusterError =>
  new ClusterError(
    'flag-refused',
    `member ${idText(id)} has already been bootstrapped, as ${name}`,
    { id: idText(id), name },
    { hint: 'start it with the --data-dir that it had; if that is lost, remove the member and add it anew' },
  );
