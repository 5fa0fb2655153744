import { ClusterError } from '../errors.js';
import { etcdVersion } from './version.js';

const { major, minor } = partsOf(etcdVersion) ?? { major: 0, minor: 0 };

/** As clients see the cluster's version: without the patch. */
export const clusterVersion = `${major}.${minor}`;

/** As /version tells them. */
export const etcdVersions = {
  etcdserver: etcdVersion,
  etcdcluster: `${clusterVersion}.0`,
  storage: `${clusterVersion}.0`,
};

/** The one that a cluster may go back to. */
const before = `${major}.${minor - 1}.0`;

function partsOf(text: string): { readonly major: number; readonly minor: number } | undefined {
  const [, majorText, minorText] = /^v?(\d{1,9})\.(\d{1,9})(?:\.\d{1,9}(?:[-+][\w.+-]+)?)?$/.exec(text) ?? [];
  return majorText === undefined ? undefined : { major: Number(majorText), minor: Number(minorText) };
}

/**
 * Reads the version to go back to: "3.5" and "3.5.7" are both 3.5.0.
 * @throws ClusterError wrong-downgrade-version; invalid-downgrade-target, when it is not the minor version before ours
 */
export function downgradeTarget(text: string): string {
  const parts = partsOf(text);
  if (parts === undefined) throw new ClusterError('wrong-downgrade-version', `"${text}" does not read as a version`);
  const target = `${parts.major}.${parts.minor}.0`;
  if (target === before) return target;
  throw new ClusterError(
    'invalid-downgrade-target',
    `from ${clusterVersion} one goes back to ${before}, not ${target}`,
  );
}
