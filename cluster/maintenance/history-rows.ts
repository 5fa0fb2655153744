import type { Row } from '../bolt/index.js';
import type { Revision } from '../numbers.js';
import type { Change, Revisions } from '../store/index.js';
import { encodeKeyValue, encodeRevision } from './key-value.js';

/**
 * The history up to a revision, inclusive, as rows of etcd's bucket `key`: the changes that count, and where a restore has
 * raised the store's revision the row of no value that etcdutl marks it by. In portions, to give way in between.
 */
export function* historyRows(
  revisions: Revisions,
  to: Revision,
  counts: (change: Change) => boolean,
): Generator<readonly Row[]> {
  let { raised } = revisions;
  for (const portion of revisions.portions(to)) {
    const rows: Row[] = [];
    for (const change of portion) {
      if (raised !== undefined && change.place.main > raised) {
        rows.push(rowOfRaised(raised));
        raised = undefined;
      }
      if (counts(change)) rows.push(rowOf(change));
    }
    yield rows;
  }
  if (raised !== undefined && raised <= to) yield [rowOfRaised(raised)];
}

const rowOf = ({ place, record }: Change): Row => [
  encodeRevision(place, record.tombstone),
  encodeKeyValue(record, place),
];

const rowOfRaised = (to: Revision): Row => [encodeRevision({ main: to, sub: 0 }, false), Buffer.alloc(0)];
