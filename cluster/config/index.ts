export type { Complaint } from './complaint.js';
export type { InitialMember } from './flag-kinds.js';
export { type FlagHelp, flagHelp } from './help.js';
export { type MemberConfig, readMemberConfig, type TlsConfig } from './member-config.js';
