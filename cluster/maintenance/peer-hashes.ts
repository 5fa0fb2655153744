import { ClusterError } from '../errors.js';
import { type MemberId, type Revision, revision } from '../numbers.js';
import { etcdserverpb } from '../wire/generated/messages.js';
import { toCount } from '../wire/long.js';
import type { KeyHash } from './hash-kv.js';

// What members tell one another of their data, in the words of etcd's HashKV.

export type AskPeer = (to: MemberId, question: Uint8Array) => Promise<Uint8Array>;

/** Answers peers. One hash at a time is made: who asks for the same one again, having waited for long enough, gets that. */
export class HashAnswers {
  readonly #hashKeys: (at: Revision) => Promise<KeyHash>;
  #latest: { readonly at: Revision; readonly hash: Promise<KeyHash> } | undefined;

  constructor(hashKeys: (at: Revision) => Promise<KeyHash>) {
    this.#hashKeys = hashKeys;
  }

  /** @throws ClusterError compacted, future-revision, stopped */
  async answer(question: Uint8Array): Promise<Uint8Array> {
    const at = revision(toCount(etcdserverpb.HashKVRequest.decode(question).revision));
    const { hash, compacted = -1, latest, revision: upTo } = await this.#hashOf(at);
    const header = { revision: latest };
    return etcdserverpb.HashKVResponse.encode({
      header,
      hash,
      compactRevision: compacted,
      hashRevision: upTo,
    }).finish();
  }

  async #hashOf(at: Revision): Promise<KeyHash> {
    const before = this.#latest;
    if (before?.at === at) return before.hash;
    const hash = (before?.hash ?? Promise.resolve()).catch(() => {}).then(() => this.#hashKeys(at));
    this.#latest = { at, hash };
    try {
      return await hash;
    } finally {
      // A later question is about a later state.
      if (this.#latest?.hash === hash) this.#latest = undefined;
    }
  }
}

/** How often a peer is asked for one hash: a million keys take longer than it has for an answer. */
const asksMax = 12;

/** @throws ClusterError what the peer answers with, connection-failed, timeout */
export async function askForHash(ask: AskPeer, peer: MemberId, at: Revision): Promise<KeyHash> {
  const question = etcdserverpb.HashKVRequest.encode({ revision: at }).finish();
  for (let asked = 1; ; asked++) {
    try {
      return hashOf(await ask(peer, question));
    } catch (error) {
      if (asked === asksMax || !(error instanceof ClusterError) || error.code !== 'timeout') throw error;
    }
  }
}

function hashOf(answer: Uint8Array): KeyHash {
  const { hash, compactRevision, hashRevision, header } = etcdserverpb.HashKVResponse.decode(answer);
  const compacted = toCount(compactRevision);
  return {
    hash,
    revision: revision(toCount(hashRevision)),
    compacted: compacted < 0 ? undefined : revision(compacted),
    latest: revision(toCount(header?.revision)),
  };
}
