// etcd's own bindings of HTTP paths to methods (rpc.proto, v3lock.proto, v3election.proto), all of them POST.

const services: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'etcdserverpb.KV': {
    'kv/range': 'Range',
    'kv/put': 'Put',
    'kv/deleterange': 'DeleteRange',
    'kv/txn': 'Txn',
    'kv/compaction': 'Compact',
  },
  'etcdserverpb.Watch': { watch: 'Watch' },
  'etcdserverpb.Lease': {
    'lease/grant': 'LeaseGrant',
    'lease/revoke': 'LeaseRevoke',
    'lease/keepalive': 'LeaseKeepAlive',
    'lease/timetolive': 'LeaseTimeToLive',
    'lease/leases': 'LeaseLeases',
    // Where they were before etcd 3.4.
    'kv/lease/revoke': 'LeaseRevoke',
    'kv/lease/timetolive': 'LeaseTimeToLive',
    'kv/lease/leases': 'LeaseLeases',
  },
  'etcdserverpb.Cluster': {
    'cluster/member/add': 'MemberAdd',
    'cluster/member/remove': 'MemberRemove',
    'cluster/member/update': 'MemberUpdate',
    'cluster/member/list': 'MemberList',
    'cluster/member/promote': 'MemberPromote',
  },
  'etcdserverpb.Maintenance': {
    'maintenance/alarm': 'Alarm',
    'maintenance/status': 'Status',
    'maintenance/defragment': 'Defragment',
    'maintenance/hash': 'Hash',
    'maintenance/hashkv': 'HashKV',
    'maintenance/snapshot': 'Snapshot',
    'maintenance/transfer-leadership': 'MoveLeader',
    'maintenance/downgrade': 'Downgrade',
  },
  'etcdserverpb.Auth': {
    'auth/enable': 'AuthEnable',
    'auth/disable': 'AuthDisable',
    'auth/status': 'AuthStatus',
    'auth/authenticate': 'Authenticate',
    'auth/user/add': 'UserAdd',
    'auth/user/get': 'UserGet',
    'auth/user/list': 'UserList',
    'auth/user/delete': 'UserDelete',
    'auth/user/changepw': 'UserChangePassword',
    'auth/user/grant': 'UserGrantRole',
    'auth/user/revoke': 'UserRevokeRole',
    'auth/role/add': 'RoleAdd',
    'auth/role/get': 'RoleGet',
    'auth/role/list': 'RoleList',
    'auth/role/delete': 'RoleDelete',
    'auth/role/grant': 'RoleGrantPermission',
    'auth/role/revoke': 'RoleRevokePermission',
  },
  'v3lockpb.Lock': { 'lock/lock': 'Lock', 'lock/unlock': 'Unlock' },
  'v3electionpb.Election': {
    'election/campaign': 'Campaign',
    'election/proclaim': 'Proclaim',
    'election/leader': 'Leader',
    'election/observe': 'Observe',
    'election/resign': 'Resign',
  },
};

/** The method's gRPC path by the path of the JSON gateway: `/v3/kv/range` -> `/etcdserverpb.KV/Range`. */
export const gatewayPaths: ReadonlyMap<string, string> = new Map(
  Object.entries(services).flatMap(([service, methods]) =>
    Object.entries(methods).map(([path, method]) => [`/v3/${path}`, `/${service}/${method}`] as const),
  ),
);

export const authenticatePath = '/v3/auth/authenticate';
