// What it takes to run a member: loaded when one is to be run, so that clients need not wait for it.
export { type FlagHelp, flagHelp, type MemberConfig, readMemberConfig } from '../config/index.js';
export { openLogger } from './log-outputs.js';
export { Member, type MemberOptions } from './member.js';
