import test, { type ExecutionContext } from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { eventually } from './eventually.js';
import { certified, introduce, type Member, openMember } from './peers.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const asked = async (from: Member, to: Member, question: string, topic = 'weather'): Promise<string> =>
  Buffer.from(await from.network.ask(to.peer.id, topic, bytes(question))).toString();

async function openPair(t: ExecutionContext): Promise<readonly [Member, Member]> {
  const [one, two] = [await openMember(t, { id: 1n }), await openMember(t, { id: 2n })];
  introduce(one, two);
  return [one, two];
}

test('a question is answered for the member that its stream is certified for, over mutual TLS', async (t) => {
  const { files } = certified(t, 2);
  const [first, second] = files;
  if (first === undefined || second === undefined) throw new Error('there are no certificates');
  const [one, two] = [await openMember(t, { id: 1n, files: first }), await openMember(t, { id: 2n, files: second })];
  introduce(one, two);
  two.network.onQuestion('weather', async (from, question) => bytes(`${Buffer.from(question)} to ${from}`));
  t.is(await asked(one, two, 'sun'), 'sun to 1');
  t.is(await asked(one, two, ''), ' to 1');
  const large = 'x'.repeat(3_000_000);
  t.is((await asked(one, two, large)).length, large.length + 5);
});

test('whose certificate is another member’s gets no answer', async (t) => {
  const { files } = certified(t, 3);
  const [first, second, third] = files;
  if (first === undefined || second === undefined || third === undefined) throw new Error('there are no certificates');
  const honest = await openMember(t, { id: 1n, files: first });
  const two = await openMember(t, { id: 2n, files: second });
  const impostor = await openMember(t, { id: 2n, name: 'm2', files: third });
  honest.network.setPeers([two.peer]);
  impostor.network.setPeers([honest.peer]);
  honest.network.onQuestion('weather', async () => bytes('secret'));
  await t.throwsAsync(asked(impostor, honest, 'sun'), { code: 'certificate-refused' });
});

test('answers come in any order, each to its question', async (t) => {
  const [one, two] = await openPair(t);
  const open = new Map<string, () => void>();
  two.network.onQuestion('weather', (_, question) => {
    const text = Buffer.from(question).toString();
    return new Promise((resolve) => open.set(text, () => resolve(bytes(`${text}!`))));
  });
  const answers = ['a', 'b', 'c'].map((text) => asked(one, two, text));
  await eventually('three questions', () => open.size === 3);
  for (const text of ['c', 'a', 'b']) open.get(text)?.();
  t.deepEqual(await Promise.all(answers), ['a!', 'b!', 'c!']);
});

test('what the other side throws arrives with its code, and what it does not know is refused', async (t) => {
  const [one, two] = await openPair(t);
  two.network.onQuestion('weather', async () => {
    throw new ClusterError('not-leader', 'ask m3');
  });
  await t.throwsAsync(asked(one, two, 'sun'), { code: 'not-leader', message: 'ask m3' });
  await t.throwsAsync(asked(one, two, 'sun', 'news'), { code: 'unimplemented' });
});

test('a question to a member that is gone fails at once, and finds it again once it is back', async (t) => {
  const [one, two] = await openPair(t);
  let isAsked = false;
  two.network.onQuestion('weather', () => {
    isAsked = true;
    return new Promise(() => {});
  });
  const unanswered = asked(one, two, 'sun');
  const broken = t.throwsAsync(unanswered, { code: 'connection-failed' });
  await eventually('the question', () => isAsked);
  await two.close();
  await broken;
  await t.throwsAsync(asked(one, two, 'sun'), { code: 'connection-failed' });
  const again = await openMember(t, { id: 2n, port: two.port });
  introduce(one, again);
  again.network.onQuestion('weather', async () => bytes('rain'));
  t.is(await asked(one, again, 'sun'), 'rain');
});

test('a question to nobody’s peer, and to one that is no longer a peer, is cancelled', async (t) => {
  const [one, two] = await openPair(t);
  two.network.onQuestion('weather', () => new Promise(() => {}));
  const open = t.throwsAsync(asked(one, two, 'sun'), { code: 'cancelled' });
  one.network.setPeers([]);
  await open;
  await t.throwsAsync(asked(one, two, 'sun'), { code: 'cancelled' });
});

test('a question that nobody answers in time ends, as does one more than may be open', async (t) => {
  const [one, two] = [await openMember(t, { id: 1n, limits: { answerMs: 100 } }), await openMember(t, { id: 2n })];
  introduce(one, two);
  two.network.onQuestion('weather', () => new Promise(() => {}));
  const open = Array.from({ length: 1024 }, () => asked(one, two, 'sun'));
  const ended = Promise.allSettled(open);
  await t.throwsAsync(asked(one, two, 'sun'), { code: 'too-many-requests' });
  const reasons = (await ended).map((one) => one.status === 'rejected' && (one.reason as ClusterError).code);
  t.deepEqual(new Set(reasons), new Set(['timeout']));
});
