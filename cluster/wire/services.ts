import { etcdserverpb, grpc, v3electionpb, v3lockpb } from './generated/messages.js';
import { bidirectional, serverStream, unary } from './method.js';

// etcd's services method by method (etcd 3.7), and gRPC's own health service.

const health = grpc.health.v1;

export const kvMethods = {
  range: unary('/etcdserverpb.KV/Range', etcdserverpb.RangeRequest, etcdserverpb.RangeResponse),
  rangeStream: serverStream(
    '/etcdserverpb.KV/RangeStream',
    etcdserverpb.RangeRequest,
    etcdserverpb.RangeStreamResponse,
  ),
  put: unary('/etcdserverpb.KV/Put', etcdserverpb.PutRequest, etcdserverpb.PutResponse),
  deleteRange: unary('/etcdserverpb.KV/DeleteRange', etcdserverpb.DeleteRangeRequest, etcdserverpb.DeleteRangeResponse),
  txn: unary('/etcdserverpb.KV/Txn', etcdserverpb.TxnRequest, etcdserverpb.TxnResponse),
  compact: unary('/etcdserverpb.KV/Compact', etcdserverpb.CompactionRequest, etcdserverpb.CompactionResponse),
};

export const watchMethods = {
  watch: bidirectional('/etcdserverpb.Watch/Watch', etcdserverpb.WatchRequest, etcdserverpb.WatchResponse),
};

export const leaseMethods = {
  leaseGrant: unary('/etcdserverpb.Lease/LeaseGrant', etcdserverpb.LeaseGrantRequest, etcdserverpb.LeaseGrantResponse),
  leaseRevoke: unary(
    '/etcdserverpb.Lease/LeaseRevoke',
    etcdserverpb.LeaseRevokeRequest,
    etcdserverpb.LeaseRevokeResponse,
  ),
  leaseKeepAlive: bidirectional(
    '/etcdserverpb.Lease/LeaseKeepAlive',
    etcdserverpb.LeaseKeepAliveRequest,
    etcdserverpb.LeaseKeepAliveResponse,
  ),
  leaseTimeToLive: unary(
    '/etcdserverpb.Lease/LeaseTimeToLive',
    etcdserverpb.LeaseTimeToLiveRequest,
    etcdserverpb.LeaseTimeToLiveResponse,
  ),
  leaseLeases: unary(
    '/etcdserverpb.Lease/LeaseLeases',
    etcdserverpb.LeaseLeasesRequest,
    etcdserverpb.LeaseLeasesResponse,
  ),
};

export const clusterMethods = {
  memberAdd: unary('/etcdserverpb.Cluster/MemberAdd', etcdserverpb.MemberAddRequest, etcdserverpb.MemberAddResponse),
  memberRemove: unary(
    '/etcdserverpb.Cluster/MemberRemove',
    etcdserverpb.MemberRemoveRequest,
    etcdserverpb.MemberRemoveResponse,
  ),
  memberUpdate: unary(
    '/etcdserverpb.Cluster/MemberUpdate',
    etcdserverpb.MemberUpdateRequest,
    etcdserverpb.MemberUpdateResponse,
  ),
  memberList: unary(
    '/etcdserverpb.Cluster/MemberList',
    etcdserverpb.MemberListRequest,
    etcdserverpb.MemberListResponse,
  ),
  memberPromote: unary(
    '/etcdserverpb.Cluster/MemberPromote',
    etcdserverpb.MemberPromoteRequest,
    etcdserverpb.MemberPromoteResponse,
  ),
};

export const maintenanceMethods = {
  alarm: unary('/etcdserverpb.Maintenance/Alarm', etcdserverpb.AlarmRequest, etcdserverpb.AlarmResponse),
  status: unary('/etcdserverpb.Maintenance/Status', etcdserverpb.StatusRequest, etcdserverpb.StatusResponse),
  defragment: unary(
    '/etcdserverpb.Maintenance/Defragment',
    etcdserverpb.DefragmentRequest,
    etcdserverpb.DefragmentResponse,
  ),
  hash: unary('/etcdserverpb.Maintenance/Hash', etcdserverpb.HashRequest, etcdserverpb.HashResponse),
  hashKV: unary('/etcdserverpb.Maintenance/HashKV', etcdserverpb.HashKVRequest, etcdserverpb.HashKVResponse),
  snapshot: serverStream(
    '/etcdserverpb.Maintenance/Snapshot',
    etcdserverpb.SnapshotRequest,
    etcdserverpb.SnapshotResponse,
  ),
  moveLeader: unary(
    '/etcdserverpb.Maintenance/MoveLeader',
    etcdserverpb.MoveLeaderRequest,
    etcdserverpb.MoveLeaderResponse,
  ),
  downgrade: unary(
    '/etcdserverpb.Maintenance/Downgrade',
    etcdserverpb.DowngradeRequest,
    etcdserverpb.DowngradeResponse,
  ),
};

export const authMethods = {
  authEnable: unary('/etcdserverpb.Auth/AuthEnable', etcdserverpb.AuthEnableRequest, etcdserverpb.AuthEnableResponse),
  authDisable: unary(
    '/etcdserverpb.Auth/AuthDisable',
    etcdserverpb.AuthDisableRequest,
    etcdserverpb.AuthDisableResponse,
  ),
  authStatus: unary('/etcdserverpb.Auth/AuthStatus', etcdserverpb.AuthStatusRequest, etcdserverpb.AuthStatusResponse),
  authenticate: unary(
    '/etcdserverpb.Auth/Authenticate',
    etcdserverpb.AuthenticateRequest,
    etcdserverpb.AuthenticateResponse,
  ),
  userAdd: unary('/etcdserverpb.Auth/UserAdd', etcdserverpb.AuthUserAddRequest, etcdserverpb.AuthUserAddResponse),
  userGet: unary('/etcdserverpb.Auth/UserGet', etcdserverpb.AuthUserGetRequest, etcdserverpb.AuthUserGetResponse),
  userList: unary('/etcdserverpb.Auth/UserList', etcdserverpb.AuthUserListRequest, etcdserverpb.AuthUserListResponse),
  userDelete: unary(
    '/etcdserverpb.Auth/UserDelete',
    etcdserverpb.AuthUserDeleteRequest,
    etcdserverpb.AuthUserDeleteResponse,
  ),
  userChangePassword: unary(
    '/etcdserverpb.Auth/UserChangePassword',
    etcdserverpb.AuthUserChangePasswordRequest,
    etcdserverpb.AuthUserChangePasswordResponse,
  ),
  userGrantRole: unary(
    '/etcdserverpb.Auth/UserGrantRole',
    etcdserverpb.AuthUserGrantRoleRequest,
    etcdserverpb.AuthUserGrantRoleResponse,
  ),
  userRevokeRole: unary(
    '/etcdserverpb.Auth/UserRevokeRole',
    etcdserverpb.AuthUserRevokeRoleRequest,
    etcdserverpb.AuthUserRevokeRoleResponse,
  ),
  roleAdd: unary('/etcdserverpb.Auth/RoleAdd', etcdserverpb.AuthRoleAddRequest, etcdserverpb.AuthRoleAddResponse),
  roleGet: unary('/etcdserverpb.Auth/RoleGet', etcdserverpb.AuthRoleGetRequest, etcdserverpb.AuthRoleGetResponse),
  roleList: unary('/etcdserverpb.Auth/RoleList', etcdserverpb.AuthRoleListRequest, etcdserverpb.AuthRoleListResponse),
  roleDelete: unary(
    '/etcdserverpb.Auth/RoleDelete',
    etcdserverpb.AuthRoleDeleteRequest,
    etcdserverpb.AuthRoleDeleteResponse,
  ),
  roleGrantPermission: unary(
    '/etcdserverpb.Auth/RoleGrantPermission',
    etcdserverpb.AuthRoleGrantPermissionRequest,
    etcdserverpb.AuthRoleGrantPermissionResponse,
  ),
  roleRevokePermission: unary(
    '/etcdserverpb.Auth/RoleRevokePermission',
    etcdserverpb.AuthRoleRevokePermissionRequest,
    etcdserverpb.AuthRoleRevokePermissionResponse,
  ),
};

export const lockMethods = {
  lock: unary('/v3lockpb.Lock/Lock', v3lockpb.LockRequest, v3lockpb.LockResponse),
  unlock: unary('/v3lockpb.Lock/Unlock', v3lockpb.UnlockRequest, v3lockpb.UnlockResponse),
};

export const electionMethods = {
  campaign: unary('/v3electionpb.Election/Campaign', v3electionpb.CampaignRequest, v3electionpb.CampaignResponse),
  proclaim: unary('/v3electionpb.Election/Proclaim', v3electionpb.ProclaimRequest, v3electionpb.ProclaimResponse),
  leader: unary('/v3electionpb.Election/Leader', v3electionpb.LeaderRequest, v3electionpb.LeaderResponse),
  observe: serverStream('/v3electionpb.Election/Observe', v3electionpb.LeaderRequest, v3electionpb.LeaderResponse),
  resign: unary('/v3electionpb.Election/Resign', v3electionpb.ResignRequest, v3electionpb.ResignResponse),
};

export const healthMethods = {
  check: unary('/grpc.health.v1.Health/Check', health.HealthCheckRequest, health.HealthCheckResponse),
  list: unary('/grpc.health.v1.Health/List', health.HealthListRequest, health.HealthListResponse),
  watch: serverStream('/grpc.health.v1.Health/Watch', health.HealthCheckRequest, health.HealthCheckResponse),
};
