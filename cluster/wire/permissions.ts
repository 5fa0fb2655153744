import { ClusterError } from '../errors.js';
import type { Access, Permission } from '../operations/auth.js';
import type { authpb } from './generated/messages.js';
import { keyRangeFields, keyRangeOf } from './key-ranges.js';

const accesses: readonly Access[] = ['read', 'write', 'readwrite'];

/** @throws ClusterError invalid-argument for a type that this version does not know */
export function permissionOf(message: authpb.Permission.$Properties): Permission {
  const access = accesses[message.permType ?? 0];
  if (access === undefined) {
    throw new ClusterError('invalid-argument', `there is no permission type ${message.permType}`, {
      permType: message.permType,
    });
  }
  return { access, ...keyRangeOf(message) };
}

export const permissionMessage = (permission: Permission): authpb.Permission.$Properties => ({
  permType: accesses.indexOf(permission.access),
  ...keyRangeFields(permission),
});
