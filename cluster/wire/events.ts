import type { Revision } from '../numbers.js';
import type { Change, KeyValue } from '../operations/kv.js';
import { mvccpb } from './generated/messages.js';
import { keyValueMessage } from './responses.js';

const { PUT, DELETE } = mvccpb.Event.EventType;

/** A change as watchers get it. Of a deletion there is but the key, and when. */
export function eventMessage(
  { tombstone, key, value, create, version, lease }: Change,
  modRevision: Revision,
  previous: KeyValue | undefined,
): mvccpb.Event.$Properties {
  const prevKv = previous === undefined ? null : keyValueMessage(previous);
  if (tombstone) return { type: DELETE, kv: { key, modRevision }, prevKv };
  const kv = keyValueMessage({ key, value, createRevision: create, modRevision, version, lease });
  return { type: PUT, kv, prevKv };
}
