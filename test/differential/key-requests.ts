import type { etcdserverpb } from '../../cluster/wire/generated/messages.js';
import type {
  CompareCommand,
  DeleteCommand,
  OperationCommand,
  PutCommand,
  RangeCommand,
  TxnCommand,
} from './key-commands.js';

// Commands as requests, their revisions counted from a server's latest one.

const at = (latest: number, offset: number | undefined): number => (offset === undefined ? 0 : latest + offset);

export const rangeRequest = (command: RangeCommand, latest: number): etcdserverpb.RangeRequest.$Properties => {
  const { kind: _, ...rest } = command;
  return {
    ...rest,
    revision: at(latest, command.revision),
    minModRevision: at(latest, command.minModRevision),
    maxModRevision: at(latest, command.maxModRevision),
    minCreateRevision: at(latest, command.minCreateRevision),
    maxCreateRevision: at(latest, command.maxCreateRevision),
  };
};

export const putRequest = ({ kind: _, ...rest }: PutCommand): etcdserverpb.PutRequest.$Properties => rest;
export const deleteRequest = ({ kind: _, ...rest }: DeleteCommand): etcdserverpb.DeleteRangeRequest.$Properties => rest;

function compareRequest({ against, ...rest }: CompareCommand, latest: number): etcdserverpb.Compare.$Properties {
  if ('createRevision' in against) return { ...rest, target: 1, createRevision: at(latest, against.createRevision) };
  if ('modRevision' in against) return { ...rest, target: 2, modRevision: at(latest, against.modRevision) };
  return { ...rest, ...against };
}

function operationRequest(command: OperationCommand, latest: number): etcdserverpb.RequestOp.$Properties {
  switch (command.kind) {
    case 'range':
      return { requestRange: rangeRequest(command, latest) };
    case 'put':
      return { requestPut: putRequest(command) };
    case 'deleteRange':
      return { requestDeleteRange: deleteRequest(command) };
    case 'txn':
      return { requestTxn: txnRequest(command, latest) };
  }
}

export const txnRequest = (command: TxnCommand, latest: number): etcdserverpb.TxnRequest.$Properties => ({
  compare: command.compare.map((each) => compareRequest(each, latest)),
  success: command.success.map((each) => operationRequest(each, latest)),
  failure: command.failure.map((each) => operationRequest(each, latest)),
});
