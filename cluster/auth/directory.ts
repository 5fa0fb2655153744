import assert from 'node:assert/strict';
import { type AuthRevision, authRevision } from '../numbers.js';
import type { Table, TableSource } from '../tables.js';
import { compareText, decodeRole, decodeUser, encodeRole, encodeUser, type Role, type User } from './records.js';

// The replicated state of auth/, under etcd's own names for tables and keys:
//
//   auth       authEnabled -> 0 | 1 · authRevision -> 8 bytes, big-endian · bootstrapped -> 1
//   authUsers  name -> User         · authRoles    -> name -> Role
//
// All of it is in memory too: every request asks, and there are few users.

const key = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const enabledKey = key('authEnabled');
const revisionKey = key('authRevision');
const bootstrappedKey = key('bootstrapped');

/** Users, roles and switches, in the tables and in memory, always in step. Decides nothing. */
export class Directory {
  #auth: Table;
  #userTable: Table;
  #roleTable: Table;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Role>();
  #enabled = false;
  #revision = authRevision(1);

  constructor(tables: TableSource) {
    this.#auth = tables('auth');
    this.#userTable = tables('authUsers');
    this.#roleTable = tables('authRoles');
    this.#read();
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get revision(): AuthRevision {
    return this.#revision;
  }

  get bootstrapped(): boolean {
    return this.#auth.get(bootstrappedKey) !== undefined;
  }

  user(name: string): User | undefined {
    return this.#users.get(name);
  }

  role(name: string): Role | undefined {
    return this.#roles.get(name);
  }

  /** In byte order of their names. */
  users(): readonly User[] {
    return [...this.#users.values()].sort((a, b) => compareText(a.name, b.name));
  }

  /** In byte order of their names. */
  roles(): readonly Role[] {
    return [...this.#roles.values()].sort((a, b) => compareText(a.name, b.name));
  }

  saveUser(user: User): void {
    this.#userTable.put(key(user.name), encodeUser(user));
    this.#users.set(user.name, user);
  }

  removeUser(name: string): void {
    this.#userTable.delete(key(name));
    this.#users.delete(name);
  }

  saveRole(role: Role): void {
    this.#roleTable.put(key(role.name), encodeRole(role));
    this.#roles.set(role.name, role);
  }

  removeRole(name: string): void {
    this.#roleTable.delete(key(name));
    this.#roles.delete(name);
  }

  setEnabled(enabled: boolean): void {
    this.#auth.put(enabledKey, Buffer.of(enabled ? 1 : 0));
    this.#enabled = enabled;
  }

  raiseRevision(): void {
    const next = authRevision(this.#revision + 1);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(next));
    this.#auth.put(revisionKey, bytes);
    this.#revision = next;
  }

  markBootstrapped(): void {
    this.#auth.put(bootstrappedKey, Buffer.of(1));
  }

  /** Goes over to tables that a snapshot has put in the place of the old ones. */
  reload(tables: TableSource): void {
    this.#auth = tables('auth');
    this.#userTable = tables('authUsers');
    this.#roleTable = tables('authRoles');
    this.#users.clear();
    this.#roles.clear();
    this.#read();
  }

  #read(): void {
    for (const [, value] of this.#userTable.range()) remember(this.#users, decodeUser(value));
    for (const [, value] of this.#roleTable.range()) remember(this.#roles, decodeRole(value));
    this.#enabled = this.#auth.get(enabledKey)?.[0] === 1;
    this.#revision = storedRevision(this.#auth.get(revisionKey));
  }
}

const remember = <T extends { readonly name: string }>(map: Map<string, T>, item: T): void => {
  map.set(item.name, item);
};

function storedRevision(bytes: Uint8Array | undefined): AuthRevision {
  if (bytes === undefined) return authRevision(1);
  assert.equal(bytes.length, 8, 'the auth revision is stored as 8 bytes');
  return authRevision(Number(Buffer.from(bytes).readBigUInt64BE()));
}
