import type { Row } from './rows.js';

/** Where we mean to answer otherwise than etcd 3.4, by `Service.Method` or `Service.Method option`. */
const unjudged = (since: string): string => `as etcd ${since} by its sources; the tests are ours alone`;

const remarks: Readonly<Record<string, string>> = {
  'Auth.AuthStatus': unjudged('3.5'),
  'Auth.UserAdd hashedPassword': unjudged('3.5'),
  'Auth.UserChangePassword hashedPassword': unjudged('3.5'),
  'Auth.RoleGet': "as etcd; root's role is shown with what it may do, as from 3.5 on",
  'Auth.RoleGrantPermission': 'as etcd; a range that holds no key is refused, as in later versions',
  'Cluster.MemberList linearizable': unjudged('3.5'),
  'Cluster.MemberUpdate': 'as etcd; never makes a voter of a learner, which 3.4 did',
  'KV.Compact': 'as etcd; needs root, as from 3.5 on',
  'KV.RangeStream': unjudged('3.7'),
  'KV.Txn':
    'as etcd; nested operations, prev_kv and leases need their permissions (CVE-2026-33343, CVE-2026-44283), and of several ' +
    'reasons to refuse it names the one that 3.7 names',
  'Lease.LeaseLeases': 'as etcd; on a follower, where etcd has no order, in order of the ids',
  'Maintenance.Downgrade': unjudged('3.6'),
  'Maintenance.Hash': 'a hash of our own state: two engines can not have the same',
  'Maintenance.MoveLeader': 'as etcd; needs root, as from 3.5 on',
  'Watch.Watch create_request.start_revision':
    'as etcd; deletions at the compacted revision are still told, as from 3.6 on',
};

export const remarkOn = ({ service, method, option }: Row): string | undefined =>
  remarks[`${service}.${method} ${option}`.trimEnd()];

/** For the test: a remark on what does not exist is a mistake. */
export const remarked: readonly string[] = Object.keys(remarks);
