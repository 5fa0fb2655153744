import { keyText } from '../../operations/describe.js';

// What of a request is written down: what it is about, by the names of the fields that say so. Every other field is left
// out, so that a field which is added one day, or a secret that comes in an unusual place, is not written by oversight.

const listed: ReadonlySet<string> = new Set([
  ...['key', 'rangeEnd', 'name', 'user', 'role', 'ID', 'TTL', 'lease', 'revision', 'physical', 'serializable', 'limit'],
  ...['peerURLs', 'isLearner', 'action', 'memberID', 'alarm', 'targetID', 'version', 'permType', 'noPassword', 'rev'],
  ...['startRevision', 'watchId'],
]);

/** Fields whose own fields are looked through. */
const opened: ReadonlySet<string> = new Set([
  ...['compare', 'success', 'failure', 'requestRange', 'requestPut', 'requestDeleteRange', 'requestTxn'],
  ...['perm', 'options', 'leader', 'createRequest', 'cancelRequest'],
]);

const itemsMax = 32;
const depthMax = 8;

export type AuditedFields = { readonly [name: string]: unknown };

/** Of a decoded request. Keys are quoted as in the log; in a list of more than 32 the rest is counted. */
export function auditedFields(message: object, depth = 0): AuditedFields {
  const fields: Record<string, unknown> = {};
  // Decoded messages have the fields that came as their own; the prototype has the defaults.
  for (const [name, value] of Object.entries(message)) {
    if (listed.has(name)) fields[name] = shown(value);
    else if (opened.has(name) && depth < depthMax && !isEmpty(value)) fields[name] = lookedThrough(value, depth);
  }
  return fields;
}

const isEmpty = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);

function lookedThrough(value: unknown, depth: number): unknown {
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? auditedFields(value, depth + 1) : {};
  const items: unknown[] = value.slice(0, itemsMax).map((each: object) => auditedFields(each, depth + 1));
  return value.length > itemsMax ? [...items, `and ${value.length - itemsMax} more`] : items;
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return keyText(value);
  if (Array.isArray(value)) return value.slice(0, itemsMax).map(shown);
  // 64-bit numbers, and names of users and roles, which have no bound of their own.
  if (typeof value === 'object' && value !== null) return String(value);
  return typeof value === 'string' && value.length > 256 ? `${value.slice(0, 256)}...` : value;
}
