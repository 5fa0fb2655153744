import { memberId } from '../numbers.js';
import type { MemberChange } from '../operations/members.js';
import { quorate } from '../wire/generated/messages.js';
import { fromId, toCount, toId } from '../wire/long.js';

// Changes of the members as they lie in the log.

type Fields = quorate.MemberChange.$Properties;
const { Kind } = quorate.MemberChange;

export function memberChangeMessage(change: MemberChange): Fields {
  const id = fromId(change.id);
  switch (change.kind) {
    case 'member-add': {
      const { isLearner, learnersMax, strict } = change;
      return { kind: Kind.ADD, id, peerUrls: [...change.peerUrls], isLearner, learnersMax, strict };
    }
    case 'member-remove':
      return { kind: Kind.REMOVE, id, strict: change.strict };
    case 'member-update':
      return { kind: Kind.UPDATE, id, peerUrls: [...change.peerUrls] };
    case 'member-promote':
      return { kind: Kind.PROMOTE, id, strict: change.strict };
    case 'member-keep':
      return { kind: Kind.KEEP, id };
  }
}

export function memberChangeOf(fields: Fields): MemberChange {
  const id = memberId(BigInt.asUintN(64, toId(fields.id)));
  const strict = fields.strict ?? false;
  const peerUrls = fields.peerUrls ?? [];
  switch (fields.kind) {
    case Kind.ADD: {
      const isLearner = fields.isLearner ?? false;
      return { kind: 'member-add', id, peerUrls, isLearner, learnersMax: toCount(fields.learnersMax), strict };
    }
    case Kind.REMOVE:
      return { kind: 'member-remove', id, strict };
    case Kind.UPDATE:
      return { kind: 'member-update', id, peerUrls };
    case Kind.PROMOTE:
      return { kind: 'member-promote', id, strict };
    case Kind.KEEP:
      return { kind: 'member-keep', id };
    default:
      throw new Error(`there is no change of members of kind ${fields.kind}`);
  }
}
