/** The version of etcd whose API this is. Clients decide by it: Kubernetes asks for watch progress from 3.5.13 on. */
export const etcdVersion = '3.6.0';
