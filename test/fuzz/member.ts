import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { authMethods, clusterMethods, kvMethods, maintenanceMethods } from '../../cluster/wire/services.js';
import { Server } from '../differential/server.js';

/** What a call came to; `timedOut`: nothing, within the deadline. */
export interface Outcome {
  readonly code: number;
  readonly text: string;
}

export interface JsonOutcome {
  readonly status: number;
  readonly text: string;
}

const admin = 'admin';
const users = ['root', 'u', 'v', admin];
const password = 'secret';
export interface FuzzedMethod {
  readonly path: string;
  /** For something to happen: no answer is an answer then. */
  readonly mayWait: boolean;
}

const silenceMs = 200;
const deadlineMs = 20_000;
const asIs = (message: Buffer): Buffer => message;

/** A member that is thrown messages at. */
export class Target {
  readonly #client: Client;
  readonly #server: Server;
  readonly #ask: Server['ask'];
  readonly #tokens = new Map<string, string>();

  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
    this.#server = new Server(url);
    this.#ask = this.#server.ask.bind(this.#server) as Server['ask'];
    this.#client = new Client(new URL(url).host, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
  }

  /** Root, two users, one of whom may do something, an administrator whom no message names, and auth on. */
  async secure(): Promise<void> {
    const ask = this.#ask;
    for (const name of users) await ask(authMethods.userAdd, { name, password });
    for (const name of ['root', 'r']) await ask(authMethods.roleAdd, { name });
    const perm = { permType: 2, key: Buffer.from('a'), rangeEnd: Buffer.from('b') };
    await ask(authMethods.roleGrantPermission, { name: 'r', perm });
    for (const user of ['root', admin]) await ask(authMethods.userGrantRole, { user, role: 'root' });
    await ask(authMethods.userGrantRole, { user: 'u', role: 'r' });
    await ask(authMethods.authEnable, {});
    for (const name of users) await this.signIn(name);
  }

  async signIn(name: string): Promise<void> {
    const { token } = await this.#ask(authMethods.authenticate, { name, password });
    this.#tokens.set(name, token);
    this.#server.useToken(name, token);
  }

  /** Sends the message, and nothing more; of a stream of answers the first counts. */
  send({ path, mayWait }: FuzzedMethod, message: Buffer, user: string | undefined): Promise<Outcome> {
    return new Promise((resolve) => {
      if (mayWait) setTimeout(resolve, silenceMs, { code: status.OK, text: '' }).unref();
      const options = { deadline: Date.now() + deadlineMs };
      const call = this.#client.makeBidiStreamRequest(path, asIs, asIs, this.#metadata(user), options);
      call.on('data', () => resolve({ code: status.OK, text: '' }));
      call.on('data', () => call.cancel());
      call.on('status', ({ code, details }) => resolve({ code, text: details }));
      call.on('error', ({ code, details }: ServiceError) => resolve({ code, text: details }));
      call.write(message);
      call.end();
    });
  }

  /** Sends JSON to a path of the gateway; of a stream of answers the status counts. */
  async post(path: string, json: string, mayWait: boolean, user: string | undefined): Promise<JsonOutcome> {
    const token = user === undefined ? undefined : this.#tokens.get(user);
    const response = await fetch(new URL(path, this.#url), {
      ...{ method: 'POST', body: json, headers: token === undefined ? {} : { authorization: token } },
      signal: AbortSignal.timeout(mayWait ? silenceMs : deadlineMs),
    }).catch((error: unknown) => {
      if (mayWait) return undefined;
      throw error;
    });
    if (response === undefined) return { status: 200, text: '' };
    if (!mayWait || response.status !== 200) return { status: response.status, text: await response.text() };
    await response.body?.cancel();
    return { status: 200, text: '' };
  }

  /** All of the replicated state that can be asked for and does not change by itself, as text. */
  async state(): Promise<string> {
    const ask = this.#ask;
    const keys = await ask(kvMethods.range, { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) }, admin);
    const parts = await Promise.all([
      ask(authMethods.authStatus, {}, admin),
      ask(authMethods.userList, {}, admin),
      ask(authMethods.roleList, {}, admin),
      ask(clusterMethods.memberList, {}, admin),
      ask(maintenanceMethods.alarm, {}, admin),
    ]);
    return JSON.stringify([keys, ...parts]);
  }

  close(): void {
    this.#client.close();
    this.#server.close();
  }

  #metadata(user: string | undefined): Metadata {
    const metadata = new Metadata();
    const token = user === undefined ? undefined : this.#tokens.get(user);
    if (token !== undefined) metadata.set('token', token);
    return metadata;
  }
}
