import { once } from 'node:events';
import { connect, type Settings } from 'node:http2';
import test, { type ExecutionContext } from 'ava';
import { startFront } from './http/front.js';

async function toldStreams(t: ExecutionContext, streamsMax?: number): Promise<number | undefined> {
  const { url } = await startFront(t, streamsMax === undefined ? {} : { streamsMax });
  const session = connect(url);
  t.teardown(() => session.destroy());
  const [settings] = (await once(session, 'remoteSettings')) as [Settings];
  return settings.maxConcurrentStreams;
}

test('a client is told how many calls it may have under way, and 4096 where nobody says less', async (t) => {
  t.is(await toldStreams(t, 7), 7);
  t.is(await toldStreams(t), 4096);
  t.is(await toldStreams(t, 4_294_967_295), 4096);
});
