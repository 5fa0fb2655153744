import { ClusterError, type EtcdClient } from '#cluster';
import { everything as everyKey, type Interval, minus } from '../access/intervals.js';
import { bytesOf, type Rights } from '../access/rights.js';
import { intervalWords, rightsLines } from '../access/words.js';
import { printable } from '../shown.js';
import { rightsOfRoles } from './rights-of.js';

/** One thing that was tried with a kit. */
export interface Trial {
  readonly what: 'connection' | 'identity' | 'allowed' | 'refused';
  readonly outcome: 'ok' | 'failed' | 'left-out';
  /** For a person. */
  readonly said: string;
}

const ok = (what: Trial['what'], said: string): Trial => ({ what, outcome: 'ok', said });
const failed = (what: Trial['what'], said: string): Trial => ({ what, outcome: 'failed', said });
const leftOut = (what: Trial['what'], said: string): Trial => ({ what, outcome: 'left-out', said });

const patience = { timeoutMs: 5_000 } as const;

/** Tries a kit against its cluster, and changes nothing there: who the store takes its bearer for, what it allows, and what it does not. */
export async function tryKit(client: EtcdClient, name: string, signal: AbortSignal): Promise<readonly Trial[]> {
  let roles: readonly string[];
  try {
    roles = await client.auth.userGet(name, { signal, ...patience });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return [noIdentity(error, name)];
  }
  const connection = ok(
    'connection',
    `connected to ${client.endpoints.join(', ')}: both sides' certificates are accepted`,
  );
  const identity = ok(
    'identity',
    `the store knows you as ${printable(name)}, with ${roles.length === 0 ? 'no role' : roles.map(printable).join(', ')}`,
  );
  const rights = await rightsOfRoles(client, roles, signal);
  return [connection, identity, await tryAllowed(client, rights, signal), await tryRefused(client, rights, signal)];
}

function noIdentity({ code, message, hint }: ClusterError, name: string): Trial {
  const more = hint === undefined ? '' : `; ${hint}`;
  switch (code) {
    case 'user-not-found':
      return failed(
        'identity',
        `the store has no user ${printable(name)}: whoever runs the cluster types quorate access apply`,
      );
    case 'permission-denied':
      return failed('identity', `the store takes you for somebody else than ${printable(name)}, or for nobody`);
    default:
      return failed('connection', `${message}${more}`);
  }
}

/** A read of one key at most, of which nothing is shown. */
async function read(client: EtcdClient, { from, to }: Interval, signal: AbortSignal): Promise<void> {
  const end = to === undefined ? Buffer.of(0) : bytesOf(to);
  const range = { key: from === '' ? Buffer.of(0) : bytesOf(from), end, limit: 1, keysOnly: true, serializable: true };
  await client.range(range, { signal, ...patience });
}

async function tryAllowed(client: EtcdClient, rights: Rights, signal: AbortSignal): Promise<Trial> {
  const [first] = rights.read;
  const may = rightsLines(rights).join(', ') || 'nothing yet';
  if (first === undefined) return leftOut('allowed', `you may ${may}; nothing is read, and a trial writes nothing`);
  try {
    await read(client, first, signal);
    return ok('allowed', `you may ${may}: reading ${intervalWords(first)} is allowed`);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return failed('allowed', `reading ${intervalWords(first)} should be allowed, and the store says: ${error.message}`);
  }
}

/** A read outside these rights, which is to be refused. */
export async function tryRefused(client: EtcdClient, rights: Rights, signal: AbortSignal): Promise<Trial> {
  const [outside] = minus(everyKey, rights.read);
  if (outside === undefined) return leftOut('refused', 'you may read every key: there is nothing to be refused');
  const key = outside.from === '' ? '\0' : outside.from;
  const one = { from: key, to: `${key}\0` };
  try {
    await read(client, one, signal);
    return failed(
      'refused',
      `reading ${intervalWords(one)} should be refused, and is not: is auth off? Tell whoever runs the cluster`,
    );
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.code === 'permission-denied') return ok('refused', 'anything else is refused, as it should be');
    return failed('refused', error.message);
  }
}
