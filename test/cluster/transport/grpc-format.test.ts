import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { helloHeaders } from '../../../cluster/transport/hello.js';
import { encodeBatch } from '../../../cluster/transport/message-codec.js';
import { messagesPath } from '../../../cluster/transport/peer-link.js';
import { eventually } from './eventually.js';
import { heartbeat, type Member, openMember } from './peers.js';

// grpc-js as the judge of what we say by hand in its format.

const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

function call(t: ExecutionContext, from: Member, to: Member, change: Record<string, string> = {}) {
  const client = new Client(`127.0.0.1:${to.port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries({ ...helloHeaders(from.identity, to.peer.id), ...change })) {
    metadata.set(name, String(value));
  }
  let settle: (error: ServiceError | null) => void = () => {};
  const ended = new Promise<ServiceError | null>((resolve) => {
    settle = resolve;
  });
  const stream = client.makeClientStreamRequest(messagesPath, asIs, asIs, metadata, (error) => settle(error));
  return { stream, ended };
}

test('grpc-js can send a batch', async (t) => {
  const [one, two] = [await openMember(t, { id: 1n }), await openMember(t, { id: 2n })];
  two.network.setPeers([one.peer]);
  const { stream } = call(t, one, two);
  stream.write(encodeBatch([heartbeat(one, two, 7)]));
  await eventually('the message', () => two.heard.length > 0);
  t.deepEqual(two.heard, [heartbeat(one, two, 7)]);
  stream.cancel();
});

test('grpc-js understands why it is refused', async (t) => {
  const [one, two] = [await openMember(t, { id: 1n }), await openMember(t, { id: 2n })];
  two.network.setPeers([one.peer]);
  const error = await call(t, one, two, { 'quorate-cluster': 'abc' }).ended;
  t.is(error?.code, status.FAILED_PRECONDITION);
  t.is(error?.details, 'this is cluster c1, not abc');
});

test('what can not be read ends the stream with a status', async (t) => {
  const [one, two] = [await openMember(t, { id: 1n }), await openMember(t, { id: 2n })];
  two.network.setPeers([one.peer]);
  const { stream, ended } = call(t, one, two);
  stream.write(Buffer.from('not protobuf'));
  t.is((await ended)?.code, status.INVALID_ARGUMENT);
  t.deepEqual(two.heard, []);
});
