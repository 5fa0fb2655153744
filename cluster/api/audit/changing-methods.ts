// Which requests change something, or hand out everything: those that a record is kept of in any case.

const reading: ReadonlySet<string> = new Set([
  ...['KV/Range', 'KV/RangeStream', 'Watch/Watch', 'Cluster/MemberList'].map((name) => `/etcdserverpb.${name}`),
  ...['LeaseTimeToLive', 'LeaseLeases', 'LeaseKeepAlive'].map((name) => `/etcdserverpb.Lease/${name}`),
  ...['Status', 'Hash', 'HashKV'].map((name) => `/etcdserverpb.Maintenance/${name}`),
  ...['AuthStatus', 'UserGet', 'UserList', 'RoleGet', 'RoleList'].map((name) => `/etcdserverpb.Auth/${name}`),
  ...['/v3electionpb.Election/Leader', '/v3electionpb.Election/Observe'],
  ...['/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/List', '/grpc.health.v1.Health/Watch'],
]);

interface Branches {
  readonly success?: readonly Operation[];
  readonly failure?: readonly Operation[];
}
interface Operation {
  readonly requestRange?: object | null;
  readonly requestTxn?: Branches | null;
}

const readsOnly = ({ success = [], failure = [] }: Branches): boolean =>
  [...success, ...failure].every(
    ({ requestRange, requestTxn }) => requestRange || (requestTxn && readsOnly(requestTxn)),
  );

/** Whether a call with this request may change something. What is not known to read only is taken to. */
export function changes(path: string, request: object | undefined): boolean {
  if (reading.has(path)) return false;
  if (request === undefined) return true;
  if (path === '/etcdserverpb.KV/Txn') return !readsOnly(request as Branches);
  if (path === '/etcdserverpb.Maintenance/Alarm') return ((request as { action?: number }).action ?? 0) !== 0;
  return true;
}
