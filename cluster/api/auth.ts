import { drawToken } from '../auth/tokens.js';
import { ClusterError } from '../errors.js';
import type { Caller } from '../operations/action.js';
import type { authMethods } from '../wire/services.js';
import { roleHandlers } from './auth-roles.js';
import { userHandlers } from './auth-users.js';
import type { CallContext } from './context.js';
import type { Desk } from './desk.js';
import type { Handlers } from './services.js';

/** How often a password is checked anew because users or roles changed before the sign-in was applied. */
const signInMax = 3;

async function signIn(desk: Desk, name: string, password: string, { signal }: CallContext) {
  const { consensus, authenticator } = desk.state;
  await consensus.linearize(signal);
  for (let attempt = 1; ; attempt++) {
    const caller = await authenticator.signIn(name, password);
    try {
      return await makeToken(desk, caller, signal);
    } catch (error) {
      const isStale = error instanceof ClusterError && error.code === 'auth-old-revision';
      if (attempt === signInMax || !isStale) throw error;
    }
  }
}

/** In the name of the one who signs in, whatever certificate or older token the call carries. */
async function makeToken(desk: Desk, caller: Caller, signal: AbortSignal) {
  const signed = await desk.state.authenticator.sign(caller);
  if (signed !== undefined) return { header: desk.header(), token: signed };
  const action = { kind: 'authenticate', user: caller.user, token: drawToken() } as const;
  const { result, revision } = await desk.state.consensus.propose(action, caller, signal);
  if (result.kind !== 'authenticated') throw new Error(`a sign-in came to "${result.kind}"`);
  return { header: desk.header(revision), token: result.token };
}

/** etcdserverpb.Auth */
export function authHandlers(desk: Desk): Handlers<typeof authMethods> {
  const { auth, permissions } = desk.state;
  return {
    authEnable: (_, context) => desk.change({ kind: 'auth-enable' }, context),
    authDisable: (_, context) => desk.change({ kind: 'auth-disable' }, context),

    authStatus: (_, context) =>
      desk.readLinearized(context, (caller) => {
        permissions.checkAdmin(caller);
        return { header: desk.header(), enabled: auth.enabled, authRevision: auth.revision };
      }),

    authenticate: ({ name, password }, context) => signIn(desk, name, password, context),
    ...userHandlers(desk),
    ...roleHandlers(desk),
  };
}
