import { join } from 'node:path';
import type { Variables } from '#templates';
import {
  hostCertificateFolder,
  memberData,
  memberFiles,
  memberFolder,
  revocationFile,
  revocationFolder,
} from '../layout.js';
import { httpsUrl, isAddress, isLoopback } from '../plan/address.js';
import { type Engine, type Member, metricsPort, type Plan } from '../plan/plan.js';

// A member's settings as ETCD_* variables, which both engines read: the same whether it runs here, as a unit or in a pod.

/** The name of the engine's unit, without `.service`, and of its folder in /var/lib. */
export const unitName = (engine: Engine): string => (engine === 'etcd' ? 'etcd' : 'quorate');

/** Where systemd puts a unit's credentials; fixed since systemd 247 (systemd.exec(5), LoadCredential=). */
const credentialsFolder = (engine: Engine): string => `/run/credentials/${unitName(engine)}.service`;

/** Where the data is on a member's own host. */
export const hostDataFolder = (engine: Engine): string => `/var/lib/${unitName(engine)}`;

/**
 * Users and members have one authority, and etcd takes any certificate of it for a peer's, a user's too. So the peers'
 * carry a name of their own, which etcd is told to insist on. (The included engine knows peers by their names.)
 */
export const peerMark = 'peer.quorate.internal';

interface Places {
  readonly certificates: string;
  readonly revocations: string;
  readonly data: string;
}

function placesOf({ cluster }: Plan, member: Member, dir: string): Places {
  const onHost = { data: hostDataFolder(cluster.engine), revocations: `/${revocationFolder(cluster.run)}` };
  switch (cluster.run) {
    case 'local':
      return {
        certificates: join(dir, memberFolder(member.name)),
        revocations: join(dir, memberFolder(member.name)),
        data: join(dir, memberData(member.name)),
      };
    case 'systemd':
      return { certificates: credentialsFolder(cluster.engine), ...onHost };
    case 'static-pod':
      return { certificates: hostCertificateFolder, ...onHost };
  }
}

/** etcd listens on addresses only: a member that is reached by name listens on all of them. */
const listenHost = ({ host }: Member): string => (isAddress(host) || host === 'localhost' ? host : '0.0.0.0');

/** On a host of its own a member serves clients on that host's loopback too, as kubeadm's etcd does. */
function clientListeners({ cluster }: Plan, member: Member): string[] {
  const host = listenHost(member);
  const everywhere = host === '0.0.0.0' || isLoopback(host) || cluster.run === 'local';
  const loopback = host.includes(':') ? '::1' : '127.0.0.1';
  return (everywhere ? [host] : [host, loopback]).map((each) => httpsUrl(each, member.clientPort));
}

export const clientUrl = ({ host, clientPort }: Member): string => httpsUrl(host, clientPort);
export const peerUrl = ({ host, peerPort }: Member): string => httpsUrl(host, peerPort);

/** @param dir absolute */
export function memberSettings(plan: Plan, member: Member, dir: string): Variables {
  const { certificates, revocations, data } = placesOf(plan, member, dir);
  const file = (name: keyof typeof memberFiles): string => join(certificates, memberFiles[name]);
  return {
    ETCD_NAME: member.name,
    ETCD_DATA_DIR: data,
    ETCD_LISTEN_CLIENT_URLS: clientListeners(plan, member).join(','),
    ETCD_ADVERTISE_CLIENT_URLS: clientUrl(member),
    ETCD_LISTEN_PEER_URLS: httpsUrl(listenHost(member), member.peerPort),
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peerUrl(member),
    ...(plan.cluster.run === 'local' ? {} : { ETCD_LISTEN_METRICS_URLS: `http://127.0.0.1:${metricsPort(member)}` }),
    ETCD_INITIAL_CLUSTER: plan.members.map((each) => `${each.name}=${peerUrl(each)}`).join(','),
    ETCD_INITIAL_CLUSTER_TOKEN: plan.cluster.name,
    ETCD_INITIAL_CLUSTER_STATE: member.joins === true ? 'existing' : 'new',
    ...(plan.cluster.cipherSuites === undefined ? {} : { ETCD_CIPHER_SUITES: plan.cluster.cipherSuites.join(',') }),
    ETCD_CERT_FILE: file('serverCertificate'),
    ETCD_KEY_FILE: file('serverKey'),
    ETCD_TRUSTED_CA_FILE: file('ca'),
    ETCD_CLIENT_CERT_AUTH: 'true',
    ETCD_CLIENT_CRL_FILE: join(revocations, revocationFile),
    ETCD_PEER_CERT_FILE: file('peerCertificate'),
    ETCD_PEER_KEY_FILE: file('peerKey'),
    ETCD_PEER_TRUSTED_CA_FILE: file('ca'),
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CRL_FILE: join(revocations, revocationFile),
    ...(plan.cluster.engine === 'included'
      ? { ETCD_INITIAL_ACCESS_FILE: file('access') }
      : { ETCD_PEER_CERT_ALLOWED_HOSTNAME: peerMark }),
  };
}
