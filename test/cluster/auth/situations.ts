import type { ClusterErrorCode } from '../../../cluster/errors.js';
import type { AuthOperation } from '../../../cluster/operations/auth.js';
import {
  addRole,
  addUser,
  authenticate,
  changePassword,
  deleteRole,
  deleteUser,
  disable,
  enable,
  grant,
  permit,
  revoke,
  unpermit,
  withRoot,
} from './operations.js';

/** An operation, where it happens, and what comes of it: `counts` is a success that raises the auth revision. */
export interface Situation {
  readonly title: string;
  readonly before: readonly AuthOperation[];
  readonly operation: AuthOperation;
  readonly expected: ClusterErrorCode | 'counts' | 'does not count';
  /** Why etcd 3.4 is not asked: it answers otherwise. */
  readonly oursAlone?: string;
}

const situation = (
  title: string,
  before: readonly AuthOperation[],
  operation: AuthOperation,
  expected: Situation['expected'],
): Situation => ({ title, before, operation, expected });

const root = [addUser('root')];
const reader = [addRole('reader'), permit('reader', 'read', 'a', 'm')];
export const ann = [addUser('ann'), ...reader, grant('ann', 'reader')];

const emptyRange = 'refused since 3.6';

/** Our own rules and, as far as it is installed, a real etcd are held against these. */
export const situations: readonly Situation[] = [
  situation('auth-enable without user root is refused', [], enable, 'root-user-not-exist'),
  situation('auth-enable with a root user who lacks role root is refused', root, enable, 'root-role-not-exist'),
  situation(
    'auth-enable after role root was deleted is refused',
    [...root, addRole('root'), grant('root', 'root'), deleteRole('root')],
    enable,
    'root-role-not-exist',
  ),
  situation('auth-enable needs no record of role root', [...root, grant('root', 'root')], enable, 'does not count'),
  situation('auth-enable twice changes nothing', withRoot, enable, 'does not count'),
  situation('auth-disable counts', withRoot, disable, 'counts'),
  situation('auth-disable while disabled changes nothing', [], disable, 'does not count'),

  situation('user-add counts', [], addUser('ann'), 'counts'),
  situation('user-add without a name is refused', [], addUser(''), 'user-empty'),
  situation('user-add of a known name is refused', ann, addUser('ann'), 'user-already-exists'),
  {
    ...situation('user-add of a name over 1900 bytes is refused', [], addUser('é'.repeat(951)), 'invalid-argument'),
    oursAlone: 'a name is a key of the table',
  },
  situation('user-delete counts', ann, deleteUser('ann'), 'counts'),
  situation('user-delete of nobody is refused', [], deleteUser('ann'), 'user-not-found'),
  situation('user-delete of root is refused while enabled', withRoot, deleteUser('root'), 'invalid-auth-management'),
  situation('user-delete of root works while disabled', root, deleteUser('root'), 'counts'),
  situation('user-change-password counts', ann, changePassword('ann'), 'counts'),
  situation('user-change-password of nobody is refused', [], changePassword('ann'), 'user-not-found'),

  situation('user-grant-role counts', [...ann, addRole('b')], grant('ann', 'b'), 'counts'),
  situation('user-grant-role of a role one has does not count', ann, grant('ann', 'reader'), 'does not count'),
  situation('user-grant-role to nobody is refused', reader, grant('ann', 'reader'), 'user-not-found'),
  situation('user-grant-role of an unknown role is refused', ann, grant('ann', 'b'), 'role-not-found'),
  situation('user-grant-role of root needs no record of it', ann, grant('ann', 'root'), 'counts'),
  situation('user-revoke-role counts', ann, revoke('ann', 'reader'), 'counts'),
  situation('user-revoke-role from nobody is refused', reader, revoke('ann', 'reader'), 'user-not-found'),
  situation('user-revoke-role of a role one lacks is refused', ann, revoke('ann', 'root'), 'role-not-granted'),
  situation(
    'user-revoke-role of root from root is refused while enabled',
    withRoot,
    revoke('root', 'root'),
    'invalid-auth-management',
  ),
  situation(
    'user-revoke-role of another role from root is an ordinary change',
    [...withRoot, addRole('b'), grant('root', 'b')],
    revoke('root', 'b'),
    'counts',
  ),

  situation('role-add counts', [], addRole('reader'), 'counts'),
  situation('role-add without a name is refused', [], addRole(''), 'role-empty'),
  situation('role-add of a known name is refused', reader, addRole('reader'), 'role-already-exists'),
  situation('role-delete counts', ann, deleteRole('reader'), 'counts'),
  situation('role-delete of an unknown role is refused', [], deleteRole('reader'), 'role-not-found'),
  situation(
    'role-delete of root is refused while enabled',
    [addRole('root'), ...withRoot],
    deleteRole('root'),
    'invalid-auth-management',
  ),
  situation('role-grant-permission counts', reader, permit('reader', 'write', 'x'), 'counts'),
  situation('role-grant-permission again counts', reader, permit('reader', 'read', 'a', 'm'), 'counts'),
  situation('role-grant-permission to an unknown role is refused', [], permit('b', 'read', 'a'), 'role-not-found'),
  {
    ...situation(
      'role-grant-permission on no key is refused',
      reader,
      permit('reader', 'read', ''),
      'invalid-auth-management',
    ),
    oursAlone: emptyRange,
  },
  {
    ...situation(
      'role-grant-permission with the end below the key is refused',
      reader,
      permit('reader', 'read', 'b', 'a'),
      'invalid-auth-management',
    ),
    oursAlone: emptyRange,
  },
  {
    ...situation(
      'role-grant-permission with the end at the key is refused',
      reader,
      permit('reader', 'read', 'b', 'b'),
      'invalid-auth-management',
    ),
    oursAlone: emptyRange,
  },
  situation('role-revoke-permission counts', reader, unpermit('reader', 'a', 'm'), 'counts'),
  situation(
    'role-revoke-permission with another end is refused',
    reader,
    unpermit('reader', 'a'),
    'permission-not-granted',
  ),
  situation('role-revoke-permission from an unknown role is refused', [], unpermit('b', 'a'), 'role-not-found'),

  situation('authenticate while disabled is refused', ann, authenticate('ann', 't'), 'auth-not-enabled'),
  situation('authenticate of a user who is gone is refused', withRoot, authenticate('ann', 't'), 'auth-failed'),
  situation('authenticate does not count', [...ann, ...withRoot], authenticate('ann', 't'), 'does not count'),
];
