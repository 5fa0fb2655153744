// The cluster wing's second door: what it takes to run a member. A door of its own, so that neither side loads the other.
export { etcdVersion } from './api/version.js';
export {
  type FlagGroup,
  type FlagHelp,
  flagHelp,
  loadConfigFile,
  type MemberConfig,
  readMemberConfig,
} from './config/index.js';
export { ClusterError } from './errors.js';
export { openLogger } from './member/log-outputs.js';
export { Member, type MemberOptions } from './member/member.js';
