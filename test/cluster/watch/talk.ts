import { Client, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import type { etcdserverpb, mvccpb } from '../../../cluster/wire/generated/messages.js';
import { toCount } from '../../../cluster/wire/long.js';
import { watchMethods } from '../../../cluster/wire/services.js';
import { eventually } from '../transport/eventually.js';

type Request = etcdserverpb.WatchRequest.$Properties;
type Answer = etcdserverpb.WatchResponse;
type Creation = etcdserverpb.WatchCreateRequest.$Properties;

const { path, requestSerialize, responseDeserialize } = watchMethods.watch;

/** `end` of all keys with this prefix, whose last byte is not 255. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

export const range = (key: string, end?: string): Pick<Creation, 'key' | 'rangeEnd'> => ({
  key: Buffer.from(key),
  ...(end === undefined ? {} : { rangeEnd: Buffer.from(end) }),
});

const kvText = ({ key, value, createRevision, modRevision, version, lease }: mvccpb.KeyValue.$Properties): string => {
  const numbers = [createRevision, modRevision, version].map((number) => toCount(number)).join('/');
  const leased = lease && String(lease) !== '0' ? ` lease ${lease}` : '';
  return `${Buffer.from(key ?? '')}=${Buffer.from(value ?? '')} ${numbers}${leased}`;
};

/** "PUT key=value create/mod/version" */
export const eventText = ({ type, kv, prevKv }: mvccpb.Event.$Properties): string =>
  `${type === 1 ? 'DELETE' : 'PUT'} ${kvText(kv ?? {})}${prevKv ? ` before ${kvText(prevKv)}` : ''}`;

/** All that an answer says, to be read and compared. */
export function answerText(answer: Answer): string {
  const { watchId, created, canceled, compactRevision, cancelReason, fragment, events, header } = answer;
  const flags = { created, canceled, fragment };
  return [
    `${toCount(watchId)} at ${toCount(header?.revision)}`,
    ...Object.entries(flags).flatMap(([name, set]) => (set ? [name] : [])),
    ...(toCount(compactRevision) > 0 ? [`compacted ${toCount(compactRevision)}`] : []),
    ...(cancelReason ? [`because ${cancelReason}`] : []),
    ...(events ?? []).map(eventText),
  ].join(', ');
}

/** One Watch stream over grpc-js, and what it brought. */
export class WatchTalk {
  readonly answers: Answer[] = [];
  /** "CODE text" once it is over. */
  end: string | undefined;
  readonly #stream: ClientDuplexStream<Request, Answer>;

  constructor(stream: ClientDuplexStream<Request, Answer>) {
    this.#stream = stream;
    stream.on('data', (answer: Answer) => this.answers.push(answer));
    stream.on('error', () => undefined);
    stream.on('status', ({ code, details }) => {
      this.end = `${status[code]} ${details}`.trim();
    });
  }

  get texts(): string[] {
    return this.answers.map(answerText);
  }

  /** Of all events so far. */
  get events(): string[] {
    return this.answers.flatMap(({ events }) => events.map(eventText));
  }

  watch(creation: Creation): void {
    this.#stream.write({ createRequest: creation });
  }

  unwatch(watchId: number): void {
    this.#stream.write({ cancelRequest: { watchId } });
  }

  askProgress(): void {
    this.#stream.write({ progressRequest: {} });
  }

  write(request: Request): void {
    this.#stream.write(request);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  halfClose(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.cancel();
  }

  /** Once that many answers have come, all of them as text. */
  async received(count: number): Promise<string[]> {
    await eventually(`answer ${count}, after ${JSON.stringify(this.texts)}`, () => this.answers.length >= count);
    return this.texts;
  }

  async happened(count: number): Promise<string[]> {
    await eventually(`event ${count}`, () => this.events.length >= count);
    return this.events;
  }

  async ended(): Promise<string> {
    return eventually('the end of the stream', () => this.end);
  }
}

/** Opens Watch streams at an endpoint in the clear, with metadata. */
export function talkTo(t: ExecutionContext, endpoint: string, metadata: Record<string, string> = {}) {
  const client = new Client(endpoint.replace('http://', ''), credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  t.teardown(() => client.close());
  const carried = new Metadata();
  for (const [name, value] of Object.entries(metadata)) carried.set(name, value);
  return (): WatchTalk => {
    const serialize = requestSerialize as (request: Request) => Buffer;
    const stream = client.makeBidiStreamRequest(path, serialize, responseDeserialize, carried);
    t.teardown(() => stream.cancel());
    return new WatchTalk(stream);
  };
}
