import { randomBytes } from 'node:crypto';
import { readTextIfPresent } from '#pki';
import type { Objection } from '../plan/complaints.js';

// Passwords of users that may use one: in their kit in clear, in the initial-access file as a hash, nowhere else.

// The cost that etcd's own servers use by default (--bcrypt-cost).
const bcryptCost = 10;
// bcrypt ignores what comes after.
const bytesMax = 72;

/** What a password that a person chose must look like. */
export function passwordObjection(password: string): Objection | undefined {
  if (password === '') return { what: 'a password may not be empty' };
  const bytes = Buffer.byteLength(password);
  if (bytes > bytesMax) return { what: `a password has at most ${bytesMax} bytes, this one has ${bytes}` };
  return /\p{Cc}/u.test(password) ? { what: 'a password may not have control characters' } : undefined;
}

/** 24 characters, 144 bits. */
export const generatePassword = (): string => randomBytes(18).toString('base64url');

export async function readPassword(path: string): Promise<string | undefined> {
  return (await readTextIfPresent(path))?.replace(/\r?\n$/, '');
}

export async function hashPassword(password: string): Promise<string> {
  const { hash } = await import('bcrypt');
  return hash(password, bcryptCost);
}

export async function passwordMatches(password: string, hash: string): Promise<boolean> {
  if (hash === '') return false;
  const { compare } = await import('bcrypt');
  return compare(password, hash);
}
