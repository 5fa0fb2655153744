import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { etcdserverpb } from '../../cluster/wire/generated/messages.js';
import { kvMethods, watchMethods } from '../../cluster/wire/services.js';
import { plain, relative } from './plain.js';
import type { Server } from './server.js';
import type { WatchCancel, WatchCreate } from './watch-commands.js';

type Response = etcdserverpb.WatchResponse;
type Stream = ClientDuplexStream<etcdserverpb.WatchRequest.$Properties, Response>;

/** Far from what the commands are on. */
const sentinel = Buffer.from('sentinel');
const sentinelId = 1000;
const deadlineMs = 10_000;

/** One watch stream of a server, and what came on it for each watch: its creation, events, however they were put together in responses, its end. */
export class Watches {
  readonly seen = new Map<number, unknown[]>();
  readonly #server: Server;
  readonly #base: number;
  readonly #stream: Stream;
  readonly #live = new Set<number>();
  #responses = 0;
  #fromSentinel = 0;
  #changed: () => void = () => {};

  constructor(server: Server, base: number) {
    this.#server = server;
    this.#base = base;
    this.#stream = server.stream(watchMethods.watch) as Stream;
    this.#stream.on('data', (response: Response) => this.#take(response));
    this.#stream.on('error', () => {});
  }

  /** Resolves once the server has said that the watch is there, or is not. */
  async create({ kind: _, startRevision, filters, ...rest }: WatchCreate, latest: number): Promise<void> {
    // At a compacted revision 3.4 has forgotten what was deleted, and before it 3.4 takes up to 100 ms to say so.
    const start = startRevision === undefined ? 0 : Math.max(this.#base + 1, latest + startRevision);
    await this.#ask({ createRequest: { ...rest, filters: [...filters], startRevision: start } });
  }

  /** Resolves once the server has confirmed it; an unknown watch it passes over in silence. */
  async cancel({ watchId }: WatchCancel): Promise<void> {
    const request = { cancelRequest: { watchId } };
    if (this.#live.has(watchId)) await this.#ask(request);
    else this.#stream.write(request);
  }

  /** Resolves once everything up to now has come: a change on a key of its own arrives after it on every watch that keeps up. */
  async settle(): Promise<void> {
    await this.#ask({ createRequest: { key: sentinel, watchId: sentinelId } });
    await this.#server.ask(kvMethods.put, { key: sentinel });
    await this.#until(() => this.#fromSentinel > 0);
  }

  close(): void {
    this.#stream.cancel();
  }

  async #ask(request: etcdserverpb.WatchRequest.$Properties): Promise<void> {
    const before = this.#responses;
    this.#stream.write(request);
    await this.#until(() => this.#responses > before);
  }

  #take(response: Response): void {
    const id = Number(response.watchId);
    if (id === sentinelId) this.#fromSentinel += response.events.length;
    else this.#note(id, response);
    if (response.created) this.#live.add(id);
    if (response.canceled) this.#live.delete(id);
    if (response.created || response.canceled) this.#responses += 1;
    this.#changed();
  }

  #note(id: number, { events, ...rest }: Response): void {
    const seen = this.seen.get(id) ?? [];
    if (rest.created || rest.canceled) seen.push(this.#plain(rest));
    seen.push(...events.map((event) => this.#plain(event)));
    this.seen.set(id, seen);
  }

  #plain(value: unknown): unknown {
    return relative(plain(value), this.#base);
  }

  async #until(condition: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.#changed(), deadlineMs);
    const deadline = Date.now() + deadlineMs;
    while (!condition()) {
      if (Date.now() >= deadline) throw new Error('a watch stream stays silent');
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    clearTimeout(timer);
  }
}
