import { type LeaseId, leaseId, type Revision, revision } from '../numbers.js';
import type { v3electionpb } from '../wire/generated/messages.js';
import { fromId, toCount, toId } from '../wire/long.js';
import type { RequestOf, ResponseOf } from '../wire/method.js';
import { keyValueMessage } from '../wire/responses.js';
import type { electionMethods } from '../wire/services.js';
import type { CallContext, StreamHandler } from './context.js';
import type { Desk } from './desk.js';
import { throughClient, toUnknown, unknown } from './inner-client.js';
import { drawLeaseId } from './lease.js';
import { deletionOf, type Entry, leaseFor, type Place, putOf, Queue } from './queue.js';
import type { Handlers } from './services.js';
import { prefixEnd, watchKeys } from './watching.js';

const notLeader = () => unknown('election: not leader');
const noLeader = () => unknown('election: no leader');

/** A place in an election, as the candidate was told of it. */
interface Candidate extends Place {
  readonly name: Uint8Array;
  readonly lease: LeaseId;
}

function candidateOf(leader: v3electionpb.LeaderKey.$Properties | null | undefined): Candidate {
  if (!leader) throw unknown('"leader" field must be provided');
  const { name, key, rev, lease } = leader;
  return {
    name: name ?? new Uint8Array(0),
    key: key ?? new Uint8Array(0),
    revision: revision(toCount(rev)),
    lease: leaseId(toId(lease)),
  };
}

/** v3electionpb.Election, but Observe. */
export function electionHandlers(
  desk: Desk,
): Handlers<typeof electionMethods, 'campaign' | 'proclaim' | 'leader' | 'resign'> {
  const queueOf = (name: Uint8Array, context: CallContext): Queue => new Queue(desk, name, context);

  const win = async (queue: Queue, place: Entry, lease: LeaseId, value: Uint8Array): Promise<void> => {
    try {
      if (place.value !== undefined && Buffer.compare(place.value, value) !== 0) {
        const header = await queue.change(place, putOf(place.key, value, lease));
        if (header === undefined) throw notLeader();
      }
      if (!place.isFirst) await queue.untilFirst(place, notLeader);
    } catch (error) {
      await queue.giveUp(place);
      throw error;
    }
  };

  return {
    campaign: throughClient(async ({ name, lease, value }, context) => {
      const session = await leaseFor(desk, leaseId(toId(lease)), drawLeaseId, context);
      const queue = queueOf(name, context);
      const place = await queue.enter(session, value);
      await win(queue, place, session, value);
      // As in etcd the header is that of the candidacy, not of the victory.
      return { header: place.header, leader: { name, key: place.key, rev: place.revision, lease: fromId(session) } };
    }),

    proclaim: throughClient(async ({ leader, value }, context) => {
      const place = candidateOf(leader);
      const lease = await leaseFor(desk, place.lease, drawLeaseId, context);
      const header = await queueOf(place.name, context).change(place, putOf(place.key, value, lease));
      if (header === undefined) throw notLeader();
      return { header };
    }),

    leader: throughClient(async ({ name }, context) => {
      const { kv, header } = await queueOf(name, context).foremost();
      if (kv === undefined) throw noLeader();
      return { header, kv: keyValueMessage(kv) };
    }),

    /** Who is no leader has nothing to give up. */
    resign: throughClient(async ({ leader }, context) => {
      const place = candidateOf(leader);
      const header = await queueOf(place.name, context).change(place, deletionOf(place.key));
      return { header: header ?? desk.header() };
    }),
  };
}

type Observe = (typeof electionMethods)['observe'];

/** v3electionpb.Election/Observe: who leads, what the leader proclaims, and who leads next. */
export function observeHandler(desk: Desk): StreamHandler<RequestOf<Observe>, ResponseOf<Observe>> {
  return async function* observe({ name }, context) {
    const queue = new Queue(desk, name, context);
    try {
      while (!context.signal.aborted) {
        const { kv, header } = await queue.foremost();
        const at = revision(toCount(header.revision));
        if (kv === undefined) await firstPut(desk, name, context, revision(at + 1));
        else {
          yield { header, kv: keyValueMessage(kv) };
          yield* proclaimed(desk, kv.key, context, revision(at + 1));
        }
      }
    } catch (error) {
      throw toUnknown(error);
    }
  };
}

/** Ends once there may be a leader. */
async function firstPut(desk: Desk, name: Uint8Array, context: CallContext, from: Revision): Promise<void> {
  const prefix = Buffer.concat([name, Buffer.from('/')]);
  const ranges = [{ key: prefix, end: prefixEnd(prefix) }];
  for await (const { events } of watchKeys(desk, context, { ranges, from, puts: true })) {
    if (events.length === 0 || events.some(({ change }) => !change.tombstone)) return;
  }
}

/** What the key comes to hold, until it is deleted. */
async function* proclaimed(
  desk: Desk,
  key: Uint8Array,
  context: CallContext,
  from: Revision,
): AsyncGenerator<ResponseOf<Observe>> {
  for await (const { events, revision: at } of watchKeys(desk, context, { ranges: [{ key }], from, puts: true })) {
    if (events.length === 0) return;
    for (const { revision: modRevision, change } of events) {
      if (change.tombstone) return;
      const { value, create: createRevision, version, lease } = change;
      yield {
        header: desk.header(at),
        kv: keyValueMessage({ key, value, createRevision, modRevision, version, lease }),
      };
    }
  }
}
