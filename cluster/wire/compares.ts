import { ClusterError } from '../errors.js';
import { leaseId } from '../numbers.js';
import type { Compare } from '../operations/kv.js';
import type { etcdserverpb } from './generated/messages.js';
import { bytesOf, keyRangeFields, keyRangeOf } from './key-ranges.js';
import { fromId, toCount, toId } from './long.js';

type Message = etcdserverpb.Compare.$Properties;
type Against = Compare['against'];

const results: readonly Compare['result'][] = ['equal', 'greater', 'less', 'not-equal'];
const targets: readonly Against['target'][] = ['version', 'create', 'mod', 'value', 'lease'];

/** What the target asks for counts; another field of the union than the target's is as good as none, so 0 or empty. */
function againstOf(message: Message): Against {
  const target = targets[message.target ?? 0];
  switch (target) {
    case 'version':
      return { target, number: toCount(message.version) };
    case 'create':
      return { target, number: toCount(message.createRevision) };
    case 'mod':
      return { target, number: toCount(message.modRevision) };
    case 'value':
      return { target, value: bytesOf(message.value) };
    case 'lease':
      return { target, lease: leaseId(toId(message.lease)) };
    default:
      throw new ClusterError('invalid-argument', `a compare has no target ${message.target}`, {
        target: message.target,
      });
  }
}

function againstFields(against: Against): Message {
  switch (against.target) {
    case 'version':
      return { version: against.number };
    case 'create':
      return { createRevision: against.number };
    case 'mod':
      return { modRevision: against.number };
    case 'value':
      return { value: against.value };
    case 'lease':
      return { lease: fromId(against.lease) };
  }
}

/** @throws ClusterError invalid-argument for a result or target that this version does not know */
export function compareOf(message: Message): Compare {
  const result = results[message.result ?? 0];
  if (result === undefined) {
    throw new ClusterError('invalid-argument', `a compare has no result ${message.result}`, { result: message.result });
  }
  return { result, against: againstOf(message), ...keyRangeOf(message) };
}

export const compareMessage = (compare: Compare): Message => ({
  result: results.indexOf(compare.result),
  target: targets.indexOf(compare.against.target),
  ...keyRangeFields(compare),
  ...againstFields(compare.against),
});
