import { join } from 'node:path';
import { ClusterError, type EtcdClient } from '#cluster';
import { fromStore, permissionOf, toStore } from '../access/rights.js';
import { roleChange } from '../access/role-change.js';
import { readPassword } from '../apply/passwords.js';
import { goesOn, WizardError } from '../errors.js';
import { kitFiles } from '../layout.js';
import { type Plan, type Role, root, type User, usersOf } from '../plan/plan.js';

/** Root first: auth can't be turned on without it, and every later step is carried out in its name. */
const rootRole: Role = { name: root, permissions: [] };

/** Brings a live cluster's access to the plan, step by step; each is skipped where it is done already. */
class Bootstrap {
  readonly #client: EtcdClient;
  readonly #dir: string;
  readonly #signal: AbortSignal;
  readonly #done: string[] = [];

  constructor(client: EtcdClient, dir: string, signal: AbortSignal) {
    this.#client = client;
    this.#dir = dir;
    this.#signal = signal;
  }

  async run(plan: Plan): Promise<readonly string[]> {
    const auth = this.#client.auth;
    const options = { signal: this.#signal };
    const roles = new Set(await auth.roleList(options));
    for (const role of [rootRole, ...plan.access.roles]) await this.#bringRole(role, roles);
    const users = new Set(await auth.userList(options));
    for (const user of usersOf(plan)) await this.#bringUser(user, users);
    const { enabled } = await auth.status(options);
    if (!enabled) await this.#step('turned auth on', () => auth.enable(options));
    return this.#done;
  }

  /** One user and their roles. */
  async runFor(user: User, plan: Plan): Promise<readonly string[]> {
    const { auth } = this.#client;
    const options = { signal: this.#signal };
    const roles = new Set(await auth.roleList(options));
    for (const role of plan.access.roles) if (user.roles.includes(role.name)) await this.#bringRole(role, roles);
    await this.#bringUser(user, new Set(await auth.userList(options)));
    return this.#done;
  }

  async #bringRole({ name, permissions }: Role, known: ReadonlySet<string>): Promise<void> {
    const { auth } = this.#client;
    const options = { signal: this.#signal };
    if (!known.has(name)) await this.#step(`added role ${name}`, () => auth.roleAdd(name, options));
    if (permissions.length === 0) return;
    const granted = known.has(name) ? (await auth.roleGet(name, options)).map(fromStore) : [];
    // What it has beyond the plan it keeps: nothing is taken away here.
    const wanted = [...granted, ...permissions.map(permissionOf)];
    for (const step of roleChange(name, granted, wanted))
      if (step.does === 'grant')
        await this.#step(`granted role ${name} ${step.permission.access}`, () =>
          auth.roleGrantPermission(name, toStore(step.permission), options),
        );
  }

  async #bringUser(user: User, known: ReadonlySet<string>): Promise<void> {
    const { auth } = this.#client;
    const options = { signal: this.#signal };
    if (!known.has(user.name)) {
      const password = await this.#passwordOf(user);
      await this.#step(`added user ${user.name}`, () => auth.userAdd(user.name, password, options));
    }
    const granted = known.has(user.name) ? await auth.userGet(user.name, options) : [];
    for (const role of user.roles) {
      if (granted.includes(role)) continue;
      await this.#step(`granted user ${user.name} role ${role}`, () => auth.userGrantRole(user.name, role, options));
    }
  }

  async #passwordOf({ name, password }: User): Promise<string | undefined> {
    if (!password) return undefined;
    const path = join(this.#dir, kitFiles(name).password);
    const text = await readPassword(path);
    if (text !== undefined) return text;
    throw new WizardError(
      'files-refused',
      `user ${name} may use a password, but ${path} is not there`,
      { path },
      {
        hint: `quorate apply --dir ${this.#dir} makes one`,
      },
    );
  }

  #cancelled(): WizardError {
    const what = `stopped after ${this.#done.length} steps; auth is on only once all are done`;
    return new WizardError('cancelled', what, {}, { hint: goesOn });
  }

  /** A run that was interrupted, or a second one at the same time, may have been here first. */
  async #step(what: string, take: () => Promise<void>): Promise<void> {
    if (this.#signal.aborted) throw this.#cancelled();
    try {
      await take();
      this.#done.push(what);
    } catch (error) {
      const isThere =
        error instanceof ClusterError && ['user-already-exists', 'role-already-exists'].includes(error.code);
      if (!isThere) throw error;
    }
  }
}

/**
 * Roles, users, permissions, then auth on. Adds what is missing and takes nothing away; safe to run again.
 * @returns what was done, a line each; nothing when the cluster had it all
 */
export const bootstrap = (
  client: EtcdClient,
  plan: Plan,
  dir: string,
  signal: AbortSignal,
): Promise<readonly string[]> => new Bootstrap(client, dir, signal).run(plan);

/** The same for one user of the plan, and the roles that they have; auth stays as it is. */
export const bringUser = (
  client: EtcdClient,
  plan: Plan,
  user: User,
  dir: string,
  signal: AbortSignal,
): Promise<readonly string[]> => new Bootstrap(client, dir, signal).runFor(user, plan);
