import type { Address } from '../transport/address.js';
import type { ReadFlags } from './flag-values.js';
import { initialCluster } from './initial-cluster.js';

/** `--initial-cluster` names this member, at the URLs that it advertises, and gives no URL to two members. */
export function checkInitialCluster({ values, complaints }: ReadFlags): void {
  const flag = '--initial-cluster';
  const all = initialCluster(values);
  const own = all.find(({ name }) => name === values.name);
  for (const url of doubled(all.flatMap(({ urls }) => texts(urls)))) {
    complaints.push({ flag, message: `--initial-cluster: ${url} is given twice` });
  }
  if (own === undefined) {
    const message = `couldn't find local name "${values.name}" in the initial cluster configuration`;
    complaints.push({ flag, message, hint: `it names ${all.map(({ name }) => name).join(', ')}; --name must be one` });
    return;
  }
  // Who joins was added with its peer URLs before: the cluster knows them, and they are compared with that.
  if (values['initial-cluster-state'] === 'existing') return;
  const listed = texts(own.urls);
  const advertised = texts(values['initial-advertise-peer-urls']);
  const hint = 'both must name the same URLs for this member';
  const unadvertised = without(listed, advertised).map((url) => `${own.name}=${url}`);
  const unlisted = without(advertised, listed).map((url) => `${own.name}=${url}`);
  if (unadvertised.length > 0) {
    const message = `--initial-cluster has ${unadvertised} but missing from --initial-advertise-peer-urls=${advertised}`;
    complaints.push({ flag, message, hint });
  }
  if (unlisted.length > 0) {
    const message = `--initial-advertise-peer-urls has ${unlisted} but missing from --initial-cluster=${listed.map((url) => `${own.name}=${url}`)}`;
    complaints.push({ flag: '--initial-advertise-peer-urls', message, hint });
  }
}

const texts = (urls: readonly Address[]): readonly string[] => urls.map(({ text }) => text);
const without = (from: readonly string[], these: readonly string[]) => from.filter((one) => !these.includes(one));
const doubled = (all: readonly string[]) => new Set(all.filter((one, at) => all.indexOf(one) !== at));
