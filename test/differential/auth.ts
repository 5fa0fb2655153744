import { authMethods } from '../../cluster/wire/services.js';
import { type AuthCommand, type Change, password, type SignIn } from './auth-commands.js';
import { askKeys } from './keys.js';
import type { Answer, Server } from './server.js';

const isChange = (command: object): command is Change => 'fields' in command;

/** @param latest the server's revision before the command */
export function askAuth(server: Server, command: AuthCommand, latest: number): Promise<Answer> {
  if (command.kind === 'authenticate') return signIn(server, command);
  const { user, command: inner } = command;
  return isChange(inner) ? change(server, inner, user) : askKeys(server, inner, latest, user);
}

function change(server: Server, { kind, fields }: Change, user: string | undefined): Promise<Answer> {
  // Kind and fields were drawn together.
  return server.call(authMethods[kind] as typeof authMethods.userList, fields as object, user);
}

async function signIn(server: Server, { name, password }: SignIn): Promise<Answer> {
  const answer = await server.call(authMethods.authenticate, { name, password });
  if ('answer' in answer) {
    const { token } = await server.ask(authMethods.authenticate, { name, password });
    server.useToken(name, token);
  }
  return answer;
}

/** Back to a server without auth, users and roles, whoever was the last to change them. */
export async function forgetAuth(server: Server): Promise<void> {
  await signIn(server, { kind: 'authenticate', name: 'root', password });
  await server.ask(authMethods.authDisable, {}, 'root');
  const { users } = await server.ask(authMethods.userList, {});
  for (const name of users) await server.ask(authMethods.userDelete, { name });
  const { roles } = await server.ask(authMethods.roleList, {});
  for (const role of roles) await server.ask(authMethods.roleDelete, { role });
  for (const name of ['root', 'u', 'v']) server.useToken(name, undefined);
}
