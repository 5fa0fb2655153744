import type { Release } from '../../run/engine.js';
import { type Diagnosis, error, note, warning } from '../diagnosis.js';
import { isFrom, type Rule } from './rule.js';

interface Gone {
  /** As `flag=value`. */
  readonly flag: RegExp;
  readonly since: Release;
  readonly instead: string;
}

/** The first that fits counts. */
const gone: readonly Gone[] = [
  { flag: /^debug=/, since: [3, 5], instead: '--log-level=debug' },
  { flag: /^log-package-levels=/, since: [3, 5], instead: '--log-level' },
  { flag: /^log-output=/, since: [3, 5], instead: '--log-outputs' },
  { flag: /^logger=capnslog$/, since: [3, 5], instead: '--logger=zap' },
  { flag: /^(enable-v2|experimental-enable-v2v3)=/, since: [3, 6], instead: 'the v3 API is all there is' },
  { flag: /^proxy(-\w+)*=/, since: [3, 6], instead: 'etcd grpc-proxy, or etcd gateway' },
  { flag: /^discovery(-fallback|-proxy)?=/, since: [3, 7], instead: '--initial-cluster' },
  { flag: /^experimental-/, since: [3, 7], instead: 'the same without experimental-, or a feature gate' },
  { flag: /^max-snapshots=/, since: [3, 8], instead: 'nothing in its place' },
];

const goneFlags: Rule = ({ settings, where, etcd }) =>
  [...settings].flatMap(([flag, value]) => {
    const found = gone.find((each) => each.flag.test(`${flag}=${value}`));
    return found === undefined ? [] : [goneFlag(`--${flag}`, found, where, etcd)];
  });

function goneFlag(flag: string, { since, instead }: Gone, where: string, etcd: Release | undefined): Diagnosis {
  const next = `from etcd ${since.join('.')} on: ${instead}`;
  if (etcd !== undefined && isFrom(etcd, since))
    return error('flag-gone', where, `${flag}, and this is etcd ${etcd.join('.')}`, next);
  const isNear = etcd === undefined || isFrom([etcd[0], etcd[1] + 1], since);
  return (isNear ? warning : note)('flag-deprecated', where, flag, next);
}

const kubeadm: Rule = ({ text, where }) =>
  /kubeadm\s+init\b[^\n]*--etcd-(servers|cafile|certfile|keyfile)/.test(text.replace(/\\\n/g, ' '))
    ? [
        error(
          'flag-unknown',
          where,
          'kubeadm init --etcd-…',
          'kubeadm init --config with etcd.external: endpoints, caFile, certFile, keyFile',
        ),
      ]
    : [];

const placeholders: Rule = ({ text, where }) =>
  [...new Set(text.match(/<[A-Z][A-Z0-9_ -]+>|\bYOUR[-_][A-Z0-9_-]+|\$\{[A-Z_]+\}(?=:\d)/g) ?? [])].map((found) =>
    error('placeholder', where, `${found} stands there`, 'what it stands for'),
  );

export const flagRules: readonly Rule[] = [goneFlags, kubeadm, placeholders];
