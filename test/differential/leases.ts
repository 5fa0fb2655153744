import { leaseMethods } from '../../cluster/wire/services.js';
import { askKeys } from './keys.js';
import type { LeaseCommand } from './lease-commands.js';
import type { Answer, Server } from './server.js';

/** @param latest the server's revision before the command */
export function askLeases(server: Server, command: LeaseCommand, latest: number): Promise<Answer> {
  switch (command.kind) {
    case 'leaseGrant':
    case 'leaseRevoke':
    case 'leaseTimeToLive': {
      const { kind, ...request } = command;
      return server.call(leaseMethods[kind] as typeof leaseMethods.leaseTimeToLive, request);
    }
    case 'leaseLeases':
      return server.call(leaseMethods.leaseLeases, {});
    case 'leaseKeepAlive':
      return server.first(leaseMethods.leaseKeepAlive, { ID: command.ID });
    default:
      return askKeys(server, command, latest);
  }
}

export async function forgetLeases(server: Server): Promise<void> {
  const { leases } = await server.ask(leaseMethods.leaseLeases, {});
  for (const { ID } of leases) await server.ask(leaseMethods.leaseRevoke, { ID: ID ?? 0 });
}
