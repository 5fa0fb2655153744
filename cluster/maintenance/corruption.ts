import { ClusterError } from '../errors.js';
import type { Logger } from '../logger.js';
import { idText, type MemberId, noMember, type Revision, revision } from '../numbers.js';
import type { KeyHash } from './hash-kv.js';
import { type AskPeer, askForHash } from './peer-hashes.js';

export interface CorruptionOptions {
  readonly self: MemberId;
  readonly peers: () => readonly MemberId[];
  readonly hashKeys: (at: Revision) => Promise<KeyHash>;
  readonly ask: AskPeer;
  /** Resolves once everything committed before the call is applied here. */
  readonly linearize: () => Promise<void>;
  /** Raises the alarm CORRUPT for a member; for nobody when it can't be said whose data it is. */
  readonly raise: (member: MemberId) => void;
  readonly logger: Logger;
}

interface PeerHash {
  readonly id: MemberId;
  readonly hash: KeyHash;
}

/** Compares this member's keys and their history with the others'. */
export class CorruptionCheck {
  readonly #options: CorruptionOptions;

  constructor(options: CorruptionOptions) {
    this.#options = options;
  }

  /**
   * Before this member serves: whether a peer that has the same revisions has other data. Peers that do not answer, or
   * are behind, are left out. @throws ClusterError corrupt
   */
  async atStart(): Promise<void> {
    const { self, logger } = this.#options;
    const own = await this.#options.hashKeys(revision(0));
    const others = (await this.#peerHashes(own.revision)).filter(({ hash }) => differs(own, hash));
    logger.info('compared the data with the other members', {
      revision: own.revision,
      differing: others.map(({ id }) => idText(id)),
    });
    if (others.length === 0) return;
    const whose = others.map(({ id }) => idText(id)).join(', ');
    throw new ClusterError(
      'corrupt',
      `the data of this member, ${idText(self)}, is not that of ${whose} at revision ${own.revision}`,
      { revision: own.revision, members: others.map(({ id }) => idText(id)) },
      {
        hint: 'if most members agree, take the others out, empty their data folders and add them again; else restore a snapshot',
      },
    );
  }

  /** On the leader, now and then: raises the alarm where data differs. */
  async now(): Promise<void> {
    const { self, linearize, hashKeys, logger, raise } = this.#options;
    const own = await hashKeys(revision(0));
    const peers = await this.#peerHashes(own.revision);
    await linearize();
    const later = await hashKeys(revision(0));
    const suspects = [
      ...(later.revision === own.revision && differs(own, later) ? [self] : []),
      ...peers.filter(({ hash }) => isAhead(hash, later)).map(({ id }) => id),
      ...minority([{ id: self, hash: own }, ...peers.filter(({ hash }) => hash.compacted === own.compacted)]),
    ];
    for (const member of new Set(suspects)) {
      logger.error('the data of a member is not what the others have', {
        revision: own.revision,
        'compact-revision': own.compacted ?? -1,
        member: member === noMember ? 'unknown' : idText(member),
        hashes: [{ id: self, hash: own }, ...peers].map(({ id, hash }) => `${idText(id)}=${hash.hash}`),
      });
      raise(member);
    }
    logger.debug('compared the data of all members', { revision: own.revision, peers: peers.length });
  }

  async #peerHashes(at: Revision): Promise<readonly PeerHash[]> {
    const { peers, ask, logger } = this.#options;
    const answers = peers().map(async (id) => {
      try {
        return [{ id, hash: await askForHash(ask, id, at) }];
      } catch (error) {
        logger.warn('a member has not told its hash', { member: idText(id), revision: at, error });
        return [];
      }
    });
    return (await Promise.all(answers)).flat();
  }
}

const differs = (a: KeyHash, b: KeyHash): boolean => a.compacted === b.compacted && a.hash !== b.hash;

/** No follower has more than a leader that has just heard from most that it leads. */
const isAhead = (hash: KeyHash, leader: KeyHash): boolean =>
  hash.latest > leader.latest || (hash.compacted ?? -1) > (leader.compacted ?? -1);

/** Who has another hash than most; nobody in particular where no hash is most members'. */
function minority(all: readonly PeerHash[]): readonly MemberId[] {
  const groups = grouped(all);
  if (groups.size === 1) return [];
  const most = [...groups.entries()].find(([, ids]) => ids.length > all.length / 2);
  if (most === undefined) return [noMember];
  return [...groups.entries()].filter(([hash]) => hash !== most[0]).flatMap(([, ids]) => ids);
}

function grouped(all: readonly PeerHash[]): ReadonlyMap<number, readonly MemberId[]> {
  const groups = new Map<number, MemberId[]>();
  for (const { id, hash } of all) groups.set(hash.hash, [...(groups.get(hash.hash) ?? []), id]);
  return groups;
}
