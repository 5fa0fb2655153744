import type { EtcdClient } from '#cluster';

/** As whom an API server of kubeadm's signs in, and it then needs everything. */
export const apiServer = 'kube-apiserver-etcd-client';

/** What comes before auth is turned on, for a person. */
export const knownApiServer = `make ${apiServer} a user with the role root: Kubernetes stands still otherwise`;

/** Whether an API server of Kubernetes keeps its objects in this store. */
export async function servesKubernetes(client: EtcdClient, signal: AbortSignal): Promise<boolean> {
  const range = { key: Buffer.from('/registry/'), end: Buffer.from('/registry0'), limit: 1, keysOnly: true };
  const { kvs } = await client.range({ ...range, serializable: true }, { signal });
  return kvs.length > 0;
}
