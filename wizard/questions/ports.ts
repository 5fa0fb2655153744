import { createServer } from 'node:net';
import { isAddress } from '../plan/address.js';
import type { Objection } from '../plan/complaints.js';
import { localPorts, type Member } from '../plan/plan.js';

// Whether this machine's ports are free for members that are to run on it. Asked before anything is written.

/** Tries a port for a moment. */
export type PortProbe = (host: string, port: number) => Promise<Objection | undefined>;

const explanations: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EADDRINUSE: ['is in use', 'choose another port, or stop what listens there (ss -ltnp shows it)'],
  EADDRNOTAVAIL: [
    'is not an address of this machine',
    'run: local is for members on this machine; 127.0.0.1 always works',
  ],
  EACCES: ['is not allowed for this user', 'choose a port above 1023'],
  ENOTFOUND: ['is not found by name', 'choose an address of this machine'],
};

/** Loads the cluster wing only when there is somebody to be named. */
const holderOf = async (port: number): Promise<string | undefined> => (await import('#cluster')).portHolder(port);

export const probePort: PortProbe = (host, port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', async (error: NodeJS.ErrnoException) => {
      const [what, hint] = explanations[error.code ?? ''] ?? [
        `can't be listened on (${error.message})`,
        'choose another',
      ];
      const holder = error.code === 'EADDRINUSE' ? await holderOf(port) : undefined;
      resolve({ what: `${host} port ${port} ${what}${holder === undefined ? '' : ` by ${holder}`}`, hint });
    });
    // A member that is reached by name listens on every address.
    server.listen({ host: isAddress(host) || host === 'localhost' ? host : '0.0.0.0', port, exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });

/** What stands against a member's ports. */
export async function portObjection(
  member: Pick<Member, 'host' | 'clientPort' | 'peerPort'>,
  probe: PortProbe,
): Promise<Objection | undefined> {
  return (await probe(member.host, member.clientPort)) ?? (await probe(member.host, member.peerPort));
}

const attemptsMax = 20;
const stride = 10;

/** The usual ports of the n-th local member, or the next pair that is free and not `taken`. */
export async function freePorts(
  index: number,
  host: string,
  taken: ReadonlySet<number>,
  probe: PortProbe,
): Promise<{ clientPort: number; peerPort: number }> {
  const usual = localPorts(index);
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const ports = { clientPort: usual.clientPort + attempt * stride, peerPort: usual.peerPort + attempt * stride };
    const own = taken.has(ports.clientPort) || taken.has(ports.peerPort);
    if (!own && (await portObjection({ host, ...ports }, probe)) === undefined) return ports;
  }
  return usual;
}
