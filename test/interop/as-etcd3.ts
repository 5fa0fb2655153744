import { Etcd3, type IOptions } from 'etcd3';
import type { LocalCluster } from './local-cluster.js';

/** What comes of asking as this user, with the npm client `etcd3`. */
export async function asEtcd3<Result>(
  cluster: LocalCluster,
  user: string,
  ask: (etcd: Etcd3) => Promise<Result>,
  options: Partial<IOptions> = {},
): Promise<Result> {
  const { ca, cert, key } = cluster.tls(user);
  // It shows no address as the server's name.
  const hosts = cluster.endpoints.map((endpoint) => endpoint.replace('127.0.0.1', 'localhost'));
  const etcd = new Etcd3({
    hosts,
    credentials: { rootCertificate: Buffer.from(ca), certChain: Buffer.from(cert), privateKey: Buffer.from(key) },
    ...options,
  });
  try {
    return await ask(etcd);
  } finally {
    etcd.close();
  }
}
