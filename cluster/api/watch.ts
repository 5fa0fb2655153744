import { ClusterError } from '../errors.js';
import { revision } from '../numbers.js';
import type { Watch, WatchRefusal, WatchStream } from '../watch/index.js';
import { etcdserverpb } from '../wire/generated/messages.js';
import { keyRangeOf } from '../wire/key-ranges.js';
import { toCount, toId } from '../wire/long.js';
import type { RequestOf, ResponseOf } from '../wire/method.js';
import type { watchMethods } from '../wire/services.js';
import type { BidirectionalHandler, CallContext } from './context.js';
import type { Desk } from './desk.js';
import { WatchAnswers } from './watch-answers.js';
import { compactedText, denialOf } from './watch-texts.js';

type Request = RequestOf<typeof watchMethods.watch>;
type Response = ResponseOf<typeof watchMethods.watch>;
type Creation = etcdserverpb.WatchCreateRequest.$Properties;

const { NOPUT, NODELETE } = etcdserverpb.WatchCreateRequest.FilterType;
/** The smallest key: what an empty one stands for. */
const firstKey = Buffer.of(0);

const refusals: Readonly<Record<WatchRefusal, string>> = {
  'duplicate-id': 'mvcc: duplicate watch ID provided on the WatchStream',
  'empty-range': 'mvcc: watcher range is empty',
};

/** etcdserverpb.Watch. @param messageBytesMax of one answer, for watchers that take larger ones in fragments */
export function watchHandler(desk: Desk, messageBytesMax: number): BidirectionalHandler<Request, Response> {
  const answers = new WatchAnswers(desk, messageBytesMax);

  return async (requests, context, replies) => {
    const { watches, watchProgressMs } = desk.state;
    const stream = watches.open();
    const close = (): void => stream.close();
    context.signal.addEventListener('abort', close, { once: true });
    const progress = new ProgressTimer(stream, watchProgressMs);
    take(desk, requests, context, stream, progress).catch((error: unknown) => stream.fail(error));
    try {
      await stream.deliver((answer) => answers.tell(answer, replies));
    } finally {
      progress.stop();
      stream.close();
      context.signal.removeEventListener('abort', close);
    }
  };
}

async function take(
  desk: Desk,
  requests: AsyncIterable<Request>,
  context: CallContext,
  stream: WatchStream,
  progress: ProgressTimer,
): Promise<void> {
  for await (const { createRequest, cancelRequest, progressRequest } of requests) {
    if (createRequest) {
      await create(desk, createRequest, context, stream);
      if (createRequest.progressNotify) progress.start();
    } else if (cancelRequest) stream.cancel(toId(cancelRequest.watchId));
    else if (progressRequest) stream.requestProgress();
    // What is asked is answered: who does not read the answers is not heard further.
    await stream.room();
  }
}

async function create(desk: Desk, request: Creation, context: CallContext, stream: WatchStream): Promise<void> {
  if (toCount(request.startRevision) < 0) return stream.refuse(compactedText);
  const { permissions, authenticator } = desk.state;
  const range = keyRangeOf({ key: request.key?.length ? request.key : firstKey, rangeEnd: request.rangeEnd });
  try {
    await desk.read(context, (caller) => {
      permissions.checkRead(caller, range);
      const refusal = stream.watch(watchOf(request, range, caller?.user ?? authenticator.certified(context)));
      if (refusal !== undefined) stream.refuse(refusals[refusal]);
    });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    stream.refuse(denialOf(error));
  }
}

const watchOf = (request: Creation, range: Watch['range'], user: string | undefined): Watch => ({
  range,
  from: revision(toCount(request.startRevision)),
  id: toId(request.watchId),
  puts: !request.filters?.includes(NOPUT),
  deletions: !request.filters?.includes(NODELETE),
  previous: request.prevKv ?? false,
  fragments: request.fragment ?? false,
  progress: request.progressNotify ?? false,
  user,
});

/** Runs once a watcher of the stream wants it. Streams that begin together, as after a restart, are spread a little. */
class ProgressTimer {
  readonly #stream: WatchStream;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: WatchStream, everyMs: number) {
    this.#stream = stream;
    this.#everyMs = everyMs;
  }

  start(): void {
    const everyMs = this.#everyMs * (1 + Math.random() / 10);
    this.#timer ??= setInterval(() => this.#stream.noticeProgress(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
