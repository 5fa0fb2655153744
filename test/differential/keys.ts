import { kvMethods } from '../../cluster/wire/services.js';
import type { KeyCommand } from './key-commands.js';
import { deleteRequest, putRequest, rangeRequest, txnRequest } from './key-requests.js';
import type { Answer, Server } from './server.js';

/** @param latest the server's revision before the command */
export function askKeys(server: Server, command: KeyCommand, latest: number, user?: string): Promise<Answer> {
  switch (command.kind) {
    case 'range':
      return server.call(kvMethods.range, rangeRequest(command, latest), user);
    case 'put':
      return server.call(kvMethods.put, putRequest(command), user);
    case 'deleteRange':
      return server.call(kvMethods.deleteRange, deleteRequest(command), user);
    case 'txn':
      return server.call(kvMethods.txn, txnRequest(command, latest), user);
    case 'compact': {
      const { physical, revision } = command;
      return server.call(kvMethods.compact, { physical, revision: latest + revision }, user);
    }
  }
}
