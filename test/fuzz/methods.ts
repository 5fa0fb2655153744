import type protobuf from 'protobufjs';
import { methodsOf, ownProtos } from '../cluster/wire/protos.js';
import type { FuzzedMethod } from './member.js';

// FUZZ_MESSAGES=1000 sends more of each kind, FUZZ_SEED=2 others.
const { FUZZ_MESSAGES = '5', FUZZ_SEED = '1' } = process.env;

/** Of each method. */
export const [count, seed] = [Number(FUZZ_MESSAGES), Number(FUZZ_SEED)];

/** What it takes to change the members, and to leave the state for good, is not left to chance here. */
const spared = new Set(['/etcdserverpb.Auth/AuthDisable']);

/** Until they hold what others hold. */
const queues = new Set(['/v3lockpb.Lock/Lock', '/v3electionpb.Election/Campaign']);

export const methods: readonly FuzzedMethod[] = methodsOf(ownProtos)
  .filter(({ path }) => !path.startsWith('/quorate.') && !spared.has(path))
  .map(({ path, requestStream, responseStream }) => {
    return { path, mayWait: requestStream || responseStream || queues.has(path) };
  });

export function requestType(path: string): protobuf.Type {
  const [, service = '', method = ''] = path.split('/');
  const { requestType } = ownProtos.lookupService(service).methods[method] ?? {};
  return ownProtos.lookupService(service).lookupType(requestType ?? '');
}

/** Nobody who sends something is told that something went wrong inside. */
export const ourFault = /internal error|undefined|(?<!not )null|TypeError|RangeError|Assertion/;

/** It takes as long as it takes, and not much more. */
export const timeoutMs = Math.max(120_000, 200 * count * methods.length);
