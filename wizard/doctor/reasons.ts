import { findingReasons } from '#pki';

/** What can be wrong besides certificates, and why it matters. */
const ownReasons = {
  'store-unreachable': 'a cluster that nobody reaches serves nobody',
  'no-leader': 'without a leader nothing is written, and linearizable reads wait',
  'no-quorum': 'fewer than half and one of the voters answer: nothing can be written until more do',
  'member-unstarted': 'it counts for the quorum, and does not vote: one loss less is survived',
  'even-voters': 'it survives no more losses than with one voter less, and has one more to lose',
  'is-learner': 'it has a copy and no vote',
  'members-differ': 'what is generated from the plan names other members than the cluster has',
  'versions-differ': 'the cluster keeps to what the oldest can do; a mix is for the time of an upgrade only',
  'version-strange': 'it may be no etcd at all, or something between: what else it says is to be doubted, too',
  'dead-address': 'clients and members are told to dial an address that is nobody, or themselves',
  'plain-url': 'with http:// its certificates are passed over in silence, and everybody on the way reads along',
  'alarm-raised': 'NOSPACE refuses all writes; CORRUPT means that members have different data',
  'hashes-differ': 'members have different data: what is read depends on whom one asks',
  'store-full': 'at its quota the store raises NOSPACE and refuses all writes',
  'store-sparse': 'space that was freed is still in the file, and counts against the quota',
  'apply-lags': 'it knows what it has not carried out yet: reads from it are old',
  'slow-answers': 'clients wait as long at least, and elections come nearer',
  'slow-disk': 'every write waits for the disk; a leader with a slow one loses its followers',
  'auth-off': 'everybody with a certificate may do everything',
  'access-differs': 'somebody may do more, or less, than the plan says',
  'user-without-certificate': 'nobody can sign in as this user with a certificate of this authority',
  'certificate-without-user':
    'its bearer is let in by TLS and refused by the store; a user made later with this name is theirs',
  'file-differs': 'the next apply puts it back: an edit by hand is lost then, and a host may have another one',
  'mode-differs': 'others may read, or change, what is there',
  'unit-differs': 'this host runs something else than the plan says',
  'port-taken': 'the member can not start while another program listens there',
  'disk-low': 'a full disk stops a member at the next write',
  'client-auth-missing': 'everybody who reaches the port may try',
  'authority-missing':
    "with client certificates demanded and no authority named, those of the system's authorities are let in",
  'peers-bare': 'members speak to one another without certificates: whoever reaches the peer port is a member',
  'flags-exclude': 'etcd does not start with both',
  'gateway-refused': 'the JSON gateway dials its own port, and its certificate has not that name',
  'auto-tls':
    'such certificates name nobody, are trusted by whoever sees them first, and are used on when they have ended',
  'metrics-guarded': "a scraper's address is held against its certificate there, and it is refused",
  'srv-name': 'found by DNS, members are held against the domain, and not against their own names',
  'list-format': 'etcd 3.6 reads DER only: with a list in PEM it refuses every handshake',
  'flag-gone': 'this etcd does not start with it',
  'flag-deprecated': 'a later etcd does not start with it',
  'suites-tls13': 'suites of TLS 1.3 are not chosen by this setting: with these alone TLS 1.2 has none',
  'proxy-named': 'the store takes whoever comes through the proxy for the user of that name',
  'suites-key': 'TLS 1.2 finds no suite for this key: every handshake of it fails',
  placeholder: 'it was copied from somewhere and not filled in',
  'pod-forgets': 'the data is gone with the container: the member comes back empty and is refused',
  'pod-secret': 'a static pod can refer to no Secret: the kubelet does not start it',
  'pod-unwatched': 'nobody notices when it hangs; under pressure it is among the first to be evicted',
  'flag-unknown': 'kubeadm has no such flag',
} as const;

export const reasons = { ...findingReasons, ...ownReasons };

export type Trouble = keyof typeof reasons;
