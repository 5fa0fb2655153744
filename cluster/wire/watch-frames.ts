import { Writer } from 'protobufjs/minimal.js';
import { etcdserverpb, mvccpb } from './generated/messages.js';
import { frameHeaderBytes } from './method.js';

// A change goes to all who watch it: its bytes are made once, and put behind each watcher's own head. `events` is the
// last field of WatchResponse, so the result is what encoding the whole would give.

/** Field 11, a message. */
const eventsTag = (11 << 3) | 2;

export const encodeEvent = (event: mvccpb.Event.$Properties): Uint8Array => mvccpb.Event.encode(event).finish();

/** A WatchResponse behind its frame's header. @param head all of it but its events */
export function watchFrame(head: etcdserverpb.WatchResponse.$Properties, events: readonly Uint8Array[]): Buffer {
  const writer = etcdserverpb.WatchResponse.encode(head, Writer.create().bool(false).fixed32(0));
  for (const event of events) writer.uint32(eventsTag).bytes(event);
  const frame = writer.finish(true) as Buffer;
  frame.writeUInt32BE(frame.length - frameHeaderBytes, 1);
  return frame;
}
