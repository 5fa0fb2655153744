import { ClusterError } from '../errors.js';
import { type LeaseId, noLease, type Revision, revision } from '../numbers.js';
import type { Caller } from '../operations/action.js';
import type { Compare, KeyValue, Operation, OperationResult, Range, Txn } from '../operations/kv.js';
import { toCount } from '../wire/long.js';
import type { Header } from '../wire/responses.js';
import { checkTxn } from './checks.js';
import type { CallContext } from './context.js';
import type { Desk } from './desk.js';
import { prefixEnd, watchKeys } from './watching.js';

/** A key in a queue; `revision` is that of its creation, and says its turn. */
export interface Place {
  readonly key: Uint8Array;
  readonly revision: Revision;
}

export interface Entry extends Place {
  readonly header: Header;
  /** Nobody is before it. */
  readonly isFirst: boolean;
  /** What the lease's key held, where it stood in the queue already. */
  readonly value: Uint8Array | undefined;
}

/** One entry of the log holds it five times. */
const nameBytesMax = 256 * 1024;

/**
 * What locks and elections are made of, in etcd's clients as well, so that both stand in one queue: keys `NAME/LEASE`
 * (hexadecimal), each attached to its lease. Whose key was created first has its turn, until it is deleted.
 *
 *     create   7  /lock/a1   the holder
 *              9  /lock/b2   waits for the deletion of /lock/a1
 *             12  /lock/c3   waits for that of /lock/b2: one deletion wakes one
 *
 * All in the caller's name, who must be able to read and write there.
 */
export class Queue {
  readonly #desk: Desk;
  readonly #context: CallContext;
  readonly #prefix: Buffer;

  /** @throws ClusterError request-too-large */
  constructor(desk: Desk, name: Uint8Array, context: CallContext) {
    if (name.length > nameBytesMax)
      throw new ClusterError('request-too-large', `a name has at most ${nameBytesMax} bytes`);
    this.#desk = desk;
    this.#context = context;
    this.#prefix = Buffer.concat([name, Buffer.from('/')]);
  }

  /** Takes a place for the lease, or finds the one that it has. @throws ClusterError lease-not-found */
  async enter(lease: LeaseId, value: Uint8Array): Promise<Entry> {
    const key = Buffer.concat([this.#prefix, Buffer.from(lease.toString(16))]);
    const [own, first] = [this.#read({ key }), this.#first()];
    const { result, header } = await this.#propose({
      compare: [created(key, revision(0))],
      success: [putOf(key, value, lease), first],
      failure: [own, first],
    });
    const [mine, foremost] = result.results.map((each) => keyValueIn(each));
    const at = result.succeeded ? revision(toCount(header.revision)) : (mine?.createRevision ?? revision(0));
    const isFirst = foremost === undefined || foremost.createRevision === at;
    return { key, revision: at, header, isFirst, value: result.succeeded ? undefined : mine?.value };
  }

  /**
   * Waits until all who were before the place are gone. Gives the header of a moment when it was there and first.
   * @param lost what is thrown when the place is gone itself, as with its lease
   * @throws ClusterError cancelled, when the client gives up
   */
  async untilFirst(place: Place, lost: () => ClusterError): Promise<Header> {
    for (;;) {
      const { own, before, header } = await this.#desk.readLinearized(this.#context, (caller) => ({
        own: this.#find(caller, this.#read({ key: place.key })),
        before: this.#find(caller, this.#lastBefore(place)),
        header: this.#desk.header(),
      }));
      if (own?.createRevision !== place.revision) throw lost();
      if (before === undefined) return header;
      await this.#deletion([before.key, place.key], revision(toCount(header.revision) + 1));
    }
  }

  /** Whose turn it is. */
  async foremost(): Promise<{ readonly kv: KeyValue | undefined; readonly header: Header }> {
    return this.#desk.readLinearized(this.#context, (caller) => ({
      kv: this.#find(caller, this.#first()),
      header: this.#desk.header(),
    }));
  }

  /** Changes what a place holds, or gives it up; undefined when it is no more. */
  async change(place: Place, operation: Operation): Promise<Header | undefined> {
    const compare = [created(place.key, place.revision)];
    const { result, header } = await this.#propose({ compare, success: [operation], failure: [] });
    return result.succeeded ? header : undefined;
  }

  /** Whoever gave up must not be waited for. If this fails, the place goes with its lease. */
  async giveUp(place: Place): Promise<void> {
    await this.change(place, deletionOf(place.key)).catch(() => undefined);
  }

  async #propose(parts: Omit<Txn, 'kind'>) {
    const txn: Txn = { kind: 'txn', ...parts };
    checkTxn(txn, this.#desk.state.txnOpsMax);
    return this.#desk.propose(txn, 'txn', this.#context);
  }

  #find(caller: Caller | undefined, range: Range): KeyValue | undefined {
    const { permissions, kv } = this.#desk.state;
    permissions.checkRead(caller, range);
    return kv.range(range).kvs[0];
  }

  #read(keys: Pick<Range, 'key' | 'end'>, rest: Partial<Range> = {}): Range {
    return { ...readOne, ...keys, ...rest };
  }

  #all(): Pick<Range, 'key' | 'end'> {
    return { key: this.#prefix, end: prefixEnd(this.#prefix) };
  }

  #first(): Range {
    return this.#read(this.#all(), { order: 'ascend', target: 'create' });
  }

  #lastBefore(place: Place): Range {
    const maxCreateRevision = revision(place.revision - 1);
    return this.#read(this.#all(), { order: 'descend', target: 'create', maxCreateRevision, keysOnly: true });
  }

  async #deletion(keys: readonly Uint8Array[], from: Revision): Promise<void> {
    const ranges = keys.map((key) => ({ key }));
    for await (const { events } of watchKeys(this.#desk, this.#context, { ranges, from, puts: false })) {
      if (events.length > 0) return;
    }
    throw new ClusterError('cancelled', 'the client has given up');
  }
}

const zero = revision(0);
const readOne: Omit<Range, 'key' | 'end'> = {
  kind: 'range',
  limit: 1,
  revision: zero,
  order: 'none',
  target: 'key',
  serializable: false,
  keysOnly: false,
  countOnly: false,
  minModRevision: zero,
  maxModRevision: zero,
  minCreateRevision: zero,
  maxCreateRevision: zero,
};

export const putOf = (key: Uint8Array, value: Uint8Array, lease: LeaseId): Operation => ({
  kind: 'put',
  ...{ key, value, lease },
  ...{ prevKv: false, ignoreValue: false, ignoreLease: false },
});

export const deletionOf = (key: Uint8Array): Operation => ({ kind: 'delete-range', key, prevKv: false });

const created = (key: Uint8Array, at: Revision): Compare => ({
  key,
  result: 'equal',
  against: { target: 'create', number: at },
});

const keyValueIn = (result: OperationResult): KeyValue | undefined =>
  result.kind === 'range' ? result.kvs[0] : undefined;

/** Of whoever names no lease: one of its own, as etcd's sessions have. */
export async function leaseFor(
  desk: Desk,
  lease: LeaseId,
  draw: () => LeaseId,
  context: CallContext,
): Promise<LeaseId> {
  if (lease !== noLease) return lease;
  const id = draw();
  await desk.change({ kind: 'lease-grant', id, seconds: 60 }, context);
  return id;
}
