import { deletion, put } from '../../../cluster/client/operations.js';
import { type Revision, revision } from '../../../cluster/numbers.js';
import type { Change } from '../../../cluster/operations/kv.js';
import { Kv } from '../../../cluster/store/index.js';
import { type Answer, type Watch, WatchHub, type WatchStream } from '../../../cluster/watch/index.js';
import { memoryTables } from '../auth/memory-tables.js';

// A store with watchers whose clients read when they like, and what they are owed, worked out from a list of all changes.

type Random = () => number;

interface Noted {
  readonly at: Revision;
  readonly text: string;
  readonly key: string;
  readonly tombstone: boolean;
}

/** What a client knows of one of its watches. */
interface Watched {
  readonly watch: Watch;
  /** The first revision that it is owed. */
  readonly from: number;
  heard: string[];
  /** It was told that it has heard all up to here. */
  level: number;
  end: 'open' | 'cancelled' | { readonly compacted: number };
}

interface Client {
  readonly stream: WatchStream;
  readonly watches: Map<bigint, Watched>;
  /** Asked for and not answered yet, in order. */
  readonly asked: Watch[];
  /** What it waits for. */
  next: Promise<IteratorResult<Answer, undefined>> | undefined;
}

const keys = ['a', 'b', 'b\0', 'ba', 'c', 'd\xff', 'e'];
const textOf = (at: number, { key, value, tombstone, version, create }: Change): string =>
  `${at} ${tombstone ? 'DELETE' : 'PUT'} ${Buffer.from(key).toString('latin1')}=${Buffer.from(value)} ${create} ${version}`;

const inRange = (key: string, { range: { key: from, end } }: Watch): boolean => {
  const [first, last] = [Buffer.from(from).toString('latin1'), end && Buffer.from(end).toString('latin1')];
  if (last === undefined) return key === first;
  return key >= first && (last === '\0' || key < last);
};

export class WatchModel {
  readonly #random: Random;
  readonly #tables = memoryTables();
  readonly #kv: Kv;
  readonly #hub: WatchHub;
  readonly #log: Noted[] = [];
  readonly #clients: Client[] = [];
  readonly #all: Watched[] = [];
  #later: (() => void)[] = [];
  /** The member is cut off: what happens now it will get as a snapshot. */
  #away = false;
  readonly seen = { events: 0, compacted: 0, behind: 0, progress: 0, resets: 0 };

  constructor(random: Random) {
    this.#random = random;
    this.#kv = new Kv(this.#tables, { onChange: (at, change) => this.#changed(at, change) });
    this.#hub = new WatchHub({
      history: this.#kv,
      grants: { mark: 0, mayRead: () => true },
      soon: (callback) => this.#later.push(callback),
      limits: { outbox: { bytesMax: 800, itemsMax: 6 }, slice: { changesMax: 5, bytesMax: 400 } },
    });
  }

  async step(): Promise<void> {
    const dice = this.#random();
    if (dice < 0.45) this.#write();
    else if (dice < 0.55) this.#begin();
    else if (dice < 0.57) this.#cancel();
    else if (dice < 0.6) this.#anyClient()?.stream.requestProgress();
    else if (dice < 0.63) this.#compact();
    else if (dice < 0.66) this.#kv.compactStep(3);
    else if (dice < 0.68) this.#leaveOrReturn();
    else if (dice < 0.82) this.#runLater();
    else await this.#read(this.#anyClient(), 1 + this.#below(4));
    // The end of a turn, or not yet: several entries may be applied in one.
    if (this.#random() < 0.7) await Promise.resolve();
    this.seen.behind = Math.max(this.seen.behind, this.#hub.size.behind);
  }

  /** Lets everybody read all there is, and checks that everybody has it. */
  async finish(): Promise<void> {
    if (this.#away) this.#leaveOrReturn();
    for (let idle = 0; idle < 3; ) {
      await Promise.resolve();
      this.#runLater();
      let answers = 0;
      for (const client of this.#clients) answers += await this.#read(client, 100);
      idle = answers > 0 || this.#later.length > 0 ? 0 : idle + 1;
    }
    for (const watched of this.#all) {
      const owed = this.#owed(watched, this.#kv.revision);
      if (watched.end === 'open') same(watched.heard, owed, 'all of it');
      else same(watched.heard, owed.slice(0, watched.heard.length), 'until its end');
      if (typeof watched.end === 'object') this.#checkCompacted(watched, watched.end.compacted);
    }
    if (this.#hub.size.behind > 0) throw new Error('watchers are still behind');
  }

  /** It had not heard everything up to the compaction. */
  #checkCompacted(watched: Watched, compacted: number): void {
    const next = watched.heard.length === 0 ? watched.from : Math.max(watched.from, watched.level + 1);
    if (next >= compacted) throw new Error(`compacted at ${compacted}, but it needed nothing before ${next}`);
  }

  #owed({ watch, from }: Watched, upTo: number): string[] {
    const wanted = ({ at, key, tombstone }: Noted): boolean =>
      at >= from && at <= upTo && inRange(key, watch) && (tombstone ? watch.deletions : watch.puts);
    return this.#log.filter(wanted).map(({ text }) => text);
  }

  #changed(at: Revision, change: Change): void {
    const key = Buffer.from(change.key).toString('latin1');
    this.#log.push({ at, text: textOf(at, change), key, tombstone: change.tombstone });
    if (!this.#away) this.#hub.note(at, change);
  }

  #write(): void {
    const [one, other] = [this.#key(), this.#key()].sort();
    const dice = this.#random();
    if (dice < 0.6) this.#kv.apply(put(this.#bytes(one), 'v'.repeat(this.#below(60))));
    else if (dice < 0.75) this.#kv.apply(deletion(this.#bytes(one)));
    else if (dice < 0.85) this.#kv.apply(deletion({ key: this.#bytes(one), end: this.#bytes(other) }));
    else {
      const success = keys.filter(() => this.#random() < 0.5).map((key) => put(this.#bytes(key), 'txn'));
      this.#kv.apply({ kind: 'txn', compare: [], success, failure: [] });
    }
  }

  #begin(): void {
    if (this.#away) return;
    const client = this.#anyClient(0.3);
    const [one, other] = [this.#key(), this.#key()].sort();
    const end = this.#pick([undefined, this.#bytes(other), Buffer.of(0)]);
    const now = this.#kv.revision;
    const from = revision(this.#pick([0, 0, Math.max(1, now - this.#below(12)), now + this.#below(6)]));
    const watch: Watch = {
      range: { key: this.#bytes(one), ...(end === undefined ? {} : { end }) },
      from,
      id: 0n,
      puts: this.#random() < 0.8,
      deletions: this.#random() < 0.8,
      previous: false,
      fragments: false,
      progress: false,
      user: undefined,
    };
    const refusal = client.stream.watch(watch);
    if (refusal === undefined) client.asked.push(watch);
    else if (end === undefined || one !== other) throw new Error(`refused as ${refusal}`);
  }

  #cancel(): void {
    const client = this.#anyClient();
    const [id] = client.watches.keys();
    if (id !== undefined) client.stream.cancel(id);
  }

  #compact(): void {
    const to = revision(this.#kv.compactedRevision + this.#below(this.#kv.revision - this.#kv.compactedRevision + 1));
    if (to > this.#kv.compactedRevision) this.#kv.compact(to);
  }

  #leaveOrReturn(): void {
    this.#away = !this.#away;
    if (this.#away) return;
    this.seen.resets += 1;
    this.#hub.reset();
  }

  #runLater(): void {
    // Nothing is read from a store that is about to be replaced: here both are the same one.
    if (this.#away) return;
    const due = this.#later;
    this.#later = [];
    for (const callback of due) callback();
  }

  async #read(client: Client, count: number): Promise<number> {
    for (let n = 0; n < count; n++) {
      client.next ??= client.stream.next();
      const answer = await Promise.race([client.next, nothing()]);
      if (answer === undefined || answer.done) return n;
      client.next = undefined;
      this.#hear(client, answer.value);
    }
    return count;
  }

  #hear(client: Client, answer: Answer): void {
    switch (answer.kind) {
      case 'created': {
        const watch = client.asked.shift();
        if (watch === undefined || client.watches.has(answer.id)) throw new Error('created without being asked for');
        const from = watch.from === 0 ? answer.revision + 1 : watch.from;
        const watched: Watched = { watch, from, heard: [], level: 0, end: 'open' };
        client.watches.set(answer.id, watched);
        this.#all.push(watched);
        return;
      }
      case 'events':
        this.#hearEvents(this.#watched(client, answer.watcher.id), answer);
        return;
      case 'progress':
        this.seen.progress += 1;
        for (const watched of client.watches.values()) this.#checkLevel(watched, answer.revision);
        return;
      case 'compacted':
        this.seen.compacted += 1;
        this.#watched(client, answer.id).end = { compacted: answer.compacted };
        client.watches.delete(answer.id);
        return;
      case 'cancelled':
        this.#watched(client, answer.id).end = 'cancelled';
        client.watches.delete(answer.id);
        return;
      default:
        throw new Error(`told ${answer.kind}`);
    }
  }

  #hearEvents(watched: Watched, { events, revision: at }: Extract<Answer, { kind: 'events' }>): void {
    if (events.length === 0) throw new Error('told of nothing');
    this.seen.events += events.length;
    watched.heard.push(...events.map(({ revision: main, change }) => textOf(main, change)));
    this.#checkLevel(watched, at);
  }

  /** Has heard all there is up to a revision, each event once, in order, and nothing later. */
  #checkLevel(watched: Watched, at: number): void {
    if (at < watched.level) throw new Error(`back to ${at} from ${watched.level}`);
    watched.level = at;
    same(watched.heard, this.#owed(watched, at), `up to ${at}`);
  }

  #watched(client: Client, id: bigint): Watched {
    const watched = client.watches.get(id);
    if (watched === undefined) throw new Error(`told of watch ${id}, which is none`);
    return watched;
  }

  #anyClient(fresh = 0): Client {
    if (this.#clients.length === 0 || (this.#clients.length < 5 && this.#random() < fresh)) {
      this.#clients.push({ stream: this.#hub.open(), watches: new Map(), asked: [], next: undefined });
    }
    return this.#pick(this.#clients);
  }

  #key(): string {
    return this.#pick(keys);
  }

  #bytes(text: string | undefined): Buffer {
    return Buffer.from(text ?? '', 'latin1');
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }
}

/** Later than what is there already. */
const nothing = async (): Promise<undefined> => {
  for (let n = 0; n < 5; n++) await Promise.resolve();
  return undefined;
};

function same(actual: readonly string[], expected: readonly string[], what: string): void {
  const at = expected.findIndex((text, n) => text !== actual[n]);
  if (at === -1 && actual.length === expected.length) return;
  throw new Error(`${what}: heard ${JSON.stringify(actual)}, owed ${JSON.stringify(expected)}`);
}
