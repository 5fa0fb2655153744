import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { drawToken } from '../../../cluster/auth/tokens.js';
import type { Action } from '../../../cluster/operations/action.js';
import { kvMethods, leaseMethods } from '../../../cluster/wire/services.js';
import { addPasswordless, addRole, enable, grant, permit } from '../auth/operations.js';
import { type AnyMethod, accessTable, allMethods, type Decision, type Row } from './access-table.js';
import { startMember, type TestMember } from './member.js';

type Verdict = Decision | 'not served';

/** The first that comes back, of any kind of method: a message or how the call ended. */
function firstAnswer(
  t: ExecutionContext,
  { endpoint }: TestMember,
  method: AnyMethod,
  request: object,
  token?: string,
) {
  const client = new Client(endpoint.replace('http://', ''), credentials.createInsecure());
  t.teardown(() => client.close());
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('token', token);
  const serialize = method.requestSerialize as (request: object) => Buffer;
  return new Promise<unknown>((resolve) => {
    const call = client.makeBidiStreamRequest(method.path, serialize, method.responseDeserialize, metadata);
    call.on('data', (message: unknown) => {
      resolve(message);
      call.cancel();
    });
    call.on('error', resolve);
    call.on('end', () => resolve('ended'));
    call.write(request);
    if (!method.requestStream) call.end();
  });
}

/** Watches are refused inside their stream, everything else by a status. */
function verdictOf(answer: unknown): Verdict {
  if ((answer as ServiceError).code === status.UNIMPLEMENTED) return 'not served';
  const text = answer instanceof Error ? (answer as ServiceError).details : JSON.stringify(answer);
  if (text.includes('etcdserver: user name is empty')) return 'unnamed';
  return text.includes('etcdserver: permission denied') ? 'denied' : 'open';
}

const access: readonly Action[] = [
  ...[addPasswordless('root'), addRole('root'), grant('root', 'root')],
  ...[addPasswordless('ann'), addRole('app'), grant('ann', 'app')],
  permit('app', 'readwrite', 'app/', 'app0'),
  permit('app', 'write', 'inbox'),
  permit('app', 'read', 'flag'),
];

async function signIn({ log, state }: TestMember, user: string): Promise<string> {
  const caller = { user, authRevision: state.auth.revision };
  const { result } = await log.propose({ kind: 'authenticate', user, token: drawToken() }, caller);
  if (result.kind !== 'authenticated') throw new Error(result.kind);
  return result.token;
}

/** Lease 1 is on a key of the user's, lease 2 on one that is not. */
async function grantLeases(t: ExecutionContext, member: TestMember): Promise<void> {
  await firstAnswer(t, member, leaseMethods.leaseGrant, { ID: 1, TTL: 60 });
  await firstAnswer(t, member, leaseMethods.leaseGrant, { ID: 2, TTL: 60 });
  await firstAnswer(t, member, kvMethods.put, { key: Buffer.from('app/leased'), lease: 1 });
  await firstAnswer(t, member, kvMethods.put, { key: Buffer.from('secret/leased'), lease: 2 });
}

async function verdicts(t: ExecutionContext, { method, request }: Row): Promise<readonly Verdict[]> {
  const member = await startMember(t);
  for (const action of access) await member.log.propose(action, undefined);
  await grantLeases(t, member);
  await member.log.propose(enable, undefined);
  const tokens = [undefined, await signIn(member, 'ann'), await signIn(member, 'root')];
  const found: Verdict[] = [];
  for (const token of tokens) found.push(verdictOf(await firstAnswer(t, member, method, request, token)));
  return found;
}

for (const row of accessTable) {
  const { method, what, nobody, user, root } = row;
  test(`${method.path}${what === '' ? '' : ` (${what})`} is ${user} to a user and ${nobody} to nobody`, async (t) => {
    t.deepEqual(await verdicts(t, row), [nobody, user, root]);
  });
}

test('every method of every service stands in the table of who may call it', (t) => {
  const decided = new Set(accessTable.map(({ method }) => method.path));
  t.deepEqual(
    allMethods.map(({ path }) => path).filter((path) => !decided.has(path)),
    [],
  );
});
