import type { AddressInfo, Server } from 'node:net';
import { ClusterError } from '../errors.js';
import type { Address } from './address.js';
import { portHolder } from './port-holder.js';

/** Binds the server to the address and gives the port. `localhost` is 127.0.0.1 for a listener, as in etcd. */
export async function bind(server: Server, address: Address): Promise<number> {
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: address.port, backlog: 1024 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    throw await refusal(address, error as NodeJS.ErrnoException);
  }
  return (server.address() as AddressInfo).port;
}

async function refusal(address: Address, cause: NodeJS.ErrnoException): Promise<ClusterError> {
  const { text: url, port, host } = address;
  if (cause.code === 'EADDRINUSE') {
    const holder = await portHolder(port);
    const by = holder === undefined ? 'another process' : holder;
    const hint = 'stop it, or give this member another port';
    return new ClusterError('address-in-use', `${url} is in use by ${by}`, { url, holder }, { hint, cause });
  }
  const hint =
    cause.code === 'EADDRNOTAVAIL'
      ? `${host} is no address of this machine`
      : cause.code === 'EACCES'
        ? 'ports below 1024 are for root'
        : undefined;
  const details = { url, code: cause.code };
  const message = `can't listen on ${url}: ${cause.message}`;
  return new ClusterError('flag-refused', message, details, hint === undefined ? { cause } : { hint, cause });
}
