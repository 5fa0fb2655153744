import { X509Certificate } from 'node:crypto';
import { type Authority, openAuthority } from '#pki';
import { ask, type Credentials, shake } from '../certificates/verify/handshake.js';
import type { PassphraseSource } from '../passphrases.js';
import type { Member } from '../plan/plan.js';

// Whether a member that runs has followed: seen from outside, with certificates made for it.

/** A client's certificate of this authority, valid for a day, that is nowhere but in memory. */
export async function probeOf(folder: string, passphrases: PassphraseSource, now: Date): Promise<Credentials> {
  const authority = await passphrases.open((passphrase) => openAuthority(folder, passphrase));
  try {
    return await issueProbe(authority, now);
  } finally {
    await authority.close();
  }
}

async function issueProbe(authority: Authority, now: Date): Promise<Credentials> {
  const request = {
    profile: 'healthcheck-client',
    commonName: 'kube-etcd-healthcheck-client',
    names: [],
    days: 1,
  } as const;
  const { chainPem, keyPem } = await authority.issue({ ...request, keyType: 'ecdsa-p256', now });
  return { cert: chainPem, key: keyPem };
}

/** Whether the member answers whoever has this certificate. */
export async function admits(
  { host, clientPort }: Member,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<boolean> {
  return (await ask({ endpoint: { host, port: clientPort }, credentials, signal })).error === undefined;
}

/** Whether what the member presents to clients and to members is signed by this authority. */
export async function presents(
  { host, clientPort, peerPort }: Member,
  authority: string,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<boolean> {
  const issuer = new X509Certificate(authority);
  const shakes = [clientPort, peerPort].map((port) => shake({ endpoint: { host, port }, credentials, signal }));
  return (await Promise.all(shakes)).every(
    ({ chain: [leaf] }) => leaf?.checkIssued(issuer) && leaf.verify(issuer.publicKey),
  );
}
