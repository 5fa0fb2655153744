import type { Action } from './action.js';
import type { KeyRange, Operation, Range, Txn } from './kv.js';

// What was asked, for logs: keys and sizes in etcd's notation, never a value, a password or what is made of one.

const keyMax = 128;
const operationsMax = 16;

/** Between quotes; bytes that are no text are escaped as in Go, and what is very long is cut. */
export function keyText(key: Uint8Array): string {
  const shown = Buffer.from(key.subarray(0, keyMax));
  const text = shown.toString();
  const isText = key.length > keyMax || Buffer.from(text).equals(shown);
  const plain = isText ? JSON.stringify(text) : `"${[...shown].map(escaped).join('')}"`;
  return key.length > keyMax ? `${plain}... (${key.length} bytes)` : plain;
}

const escaped = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
    ? String.fromCharCode(byte)
    : `\\x${byte.toString(16).padStart(2, '0')}`;

export const rangeText = ({ key, end }: KeyRange): string =>
  `key:${keyText(key)}${end === undefined || end.length === 0 ? '' : ` range_end:${keyText(end)}`}`;

const flag = (name: string, value: boolean | number | bigint): string =>
  value === false || value === 0 || value === 0n ? '' : ` ${name}:${value}`;

const readText = (range: Range): string =>
  `range:<${rangeText(range)}${flag('limit', range.limit)}${flag('revision', range.revision)}` +
  `${flag('serializable', range.serializable)}${flag('keys_only', range.keysOnly)}${flag('count_only', range.countOnly)} >`;

export function operationText(operation: Operation): string {
  switch (operation.kind) {
    case 'range':
      return readText(operation);
    case 'put':
      return `put:<${rangeText(operation)} value_size:${operation.value.length}${flag('lease', operation.lease)} >`;
    case 'delete-range':
      return `delete_range:<${rangeText(operation)} >`;
    case 'txn':
      return txnText(operation);
  }
}

function txnText({ compare, success, failure }: Txn): string {
  const compared = listText('compare', compare.map(rangeText));
  return `txn:<${compared}${listText('success', success.map(operationText))}${listText('failure', failure.map(operationText))}>`;
}

function listText(name: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const more = items.length > operationsMax ? ` and ${items.length - operationsMax} more` : '';
  return `${name}:<${items.slice(0, operationsMax).join(' ')}${more}> `;
}

/** Anything that goes through the log. */
export function actionText(action: Action): string {
  switch (action.kind) {
    case 'put':
    case 'delete-range':
    case 'txn':
      return operationText(action);
    case 'compact':
      return `compaction:<revision:${action.revision} >`;
    default: {
      // Names of users and roles; the rest of these may be secret.
      const { user, role } = action as { readonly user?: string; readonly role?: string };
      const named = [user && `user:${JSON.stringify(user)}`, role && `role:${JSON.stringify(role)}`].filter(Boolean);
      return `${action.kind}:<${named.join(' ')}>`;
    }
  }
}
