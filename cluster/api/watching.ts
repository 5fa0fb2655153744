import { ClusterError } from '../errors.js';
import type { Revision } from '../numbers.js';
import type { KeyRange } from '../operations/kv.js';
import type { Event } from '../watch/index.js';
import type { CallContext } from './context.js';
import type { Desk } from './desk.js';

export interface Watched {
  readonly ranges: readonly KeyRange[];
  readonly from: Revision;
  /** Deletions are told in any case. */
  readonly puts: boolean;
}

/** What happens to keys, for a handler that waits for it in the caller's name. Ends when the client gives up. */
export async function* watchKeys(
  desk: Desk,
  context: CallContext,
  { ranges, from, puts }: Watched,
): AsyncGenerator<{ readonly events: readonly Event[]; readonly revision: Revision }> {
  const { watches, permissions, authenticator } = desk.state;
  const stream = watches.open();
  const close = (): void => stream.close();
  context.signal.addEventListener('abort', close, { once: true });
  try {
    if (context.signal.aborted) return;
    await desk.read(context, (caller) => {
      const user = caller?.user ?? authenticator.certified(context);
      for (const range of ranges) permissions.checkRead(caller, range);
      for (const [at, range] of ranges.entries())
        stream.watch({ ...quiet, range, from, puts, id: BigInt(at + 1), user });
    });
    for await (const answer of stream) {
      if (answer.kind === 'events') yield answer;
      else if (answer.kind === 'denied')
        throw new ClusterError('permission-denied', 'the keys are not readable any more');
      // It fell too far behind: whoever reads anew finds what has become of the keys.
      else if (answer.kind === 'compacted') yield { events: [], revision: answer.compacted };
    }
  } finally {
    stream.close();
    context.signal.removeEventListener('abort', close);
  }
}

const quiet = { deletions: true, previous: false, fragments: false, progress: false };

/** The first key that does not begin with the prefix; `\0`, which stands for none, when there is no such key. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return Uint8Array.of(0);
  const end = Uint8Array.from(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
