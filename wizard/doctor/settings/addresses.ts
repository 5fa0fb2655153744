import { isLoopback, isUnspecified } from '../../plan/address.js';
import { error, warning } from '../diagnosis.js';
import { hostOf, urlsOf } from './read.js';
import type { Rule } from './rule.js';

/** Where a member listens, and what it tells others to dial. */
const ports = [
  { prefix: '', listen: 'listen-client-urls', advertise: 'advertise-client-urls' },
  { prefix: 'peer-', listen: 'listen-peer-urls', advertise: 'initial-advertise-peer-urls' },
] as const;

const deadAddresses: Rule = ({ settings, where }) => {
  const members = urlsOf(settings.get('initial-cluster'));
  const isAlone = members.every((member) => isLoopback(hostOf(member.replace(/^[^=]*=/, ''))));
  return ports.flatMap(({ advertise }) =>
    urlsOf(settings.get(advertise))
      .filter((url) => isUnspecified(hostOf(url)) || (!isAlone && isLoopback(hostOf(url))))
      .map((url) =>
        error(
          'dead-address',
          where,
          `--${advertise}=${url}`,
          'an address of its own, which its certificate has; 0.0.0.0 is for --listen-… only',
        ),
      ),
  );
};

const plainUrls: Rule = ({ settings, where }) =>
  ports.flatMap(({ prefix, listen, advertise }) => {
    const plain = [listen, advertise].flatMap((flag) =>
      urlsOf(settings.get(flag))
        .filter((url) => url.startsWith('http:'))
        .map((url) => ({ flag, url })),
    );
    const certificate = `${prefix}cert-file`;
    if (settings.has(certificate))
      return plain.map(({ flag, url }) =>
        error('plain-url', where, `--${flag}=${url} beside --${certificate}`, `https:// in --${flag}`),
      );
    const [open] = plain.filter(({ url }) => !isLoopback(hostOf(url)));
    if (open === undefined) return [];
    const what = `--${open.flag}=${open.url}, and no --${certificate}`;
    return [error('without-tls', where, what, 'certificates for its members: quorate init; then https://')];
  });

const metrics: Rule = ({ settings, where }) =>
  urlsOf(settings.get('listen-metrics-urls'))
    .filter((url) => url.startsWith('https:'))
    .map((url) => warning('metrics-guarded', where, `--listen-metrics-urls=${url}`, 'http://127.0.0.1:2381'));

const discovery: Rule = ({ settings, where }) => {
  const domain = settings.get('discovery-srv');
  if (domain === undefined) return [];
  const next = `${domain} among the names of every server and peer certificate`;
  return [warning('srv-name', where, `--discovery-srv=${domain}`, next)];
};

export const addressRules: readonly Rule[] = [deadAddresses, plainUrls, metrics, discovery];
