import { storageVersion } from '../maintenance/index.js';
import { revision } from '../numbers.js';
import { toCount } from '../wire/long.js';
import type { RequestOf, ResponseOf } from '../wire/method.js';
import type { maintenanceMethods } from '../wire/services.js';
import type { CallContext, StreamHandler } from './context.js';
import type { Desk } from './desk.js';
import type { Handlers } from './services.js';

type Methods = typeof maintenanceMethods;

/** The part of etcdserverpb.Maintenance that looks at the whole state, which takes its time. Root only. */
export function checksumHandlers(desk: Desk): Handlers<Methods, 'hash' | 'hashKV'> {
  const { maintenance } = desk.state;
  return {
    async hash(_, context) {
      await checkAdmin(desk, context);
      return { header: desk.header(), hash: await maintenance.hash(context.signal) };
    },

    /** etcd says -1 where nothing was ever compacted. */
    async hashKV(request, context) {
      await checkAdmin(desk, context);
      const { hash, ...keys } = await maintenance.hashKeys(revision(toCount(request.revision)), context.signal);
      const { latest, compacted = -1 } = keys;
      return { header: desk.header(latest), hash, compactRevision: compacted, hashRevision: keys.revision };
    },
  };
}

/**
 * The whole state as a file that etcd's tools restore, in pieces; without a header, as in etcd. Written down first: a slow
 * client keeps nobody.
 */
export const snapshotHandler = (
  desk: Desk,
): StreamHandler<RequestOf<Methods['snapshot']>, ResponseOf<Methods['snapshot']>> =>
  async function* snapshot(_, context) {
    await checkAdmin(desk, context);
    const file = await desk.state.maintenance.snapshot(context.signal);
    try {
      let remaining = file.bytes;
      for await (const blob of file.chunks()) {
        remaining = Math.max(0, remaining - blob.length);
        yield { remainingBytes: remaining, blob, version: storageVersion };
      }
    } finally {
      await file.close();
    }
  };

const checkAdmin = (desk: Desk, context: CallContext): Promise<void> =>
  desk.read(context, (caller) => desk.state.permissions.checkAdmin(caller));
