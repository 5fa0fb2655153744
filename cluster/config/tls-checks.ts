import type { Address } from '../transport/address.js';
import type { ReadFlags } from './flag-values.js';
import { initialCluster } from './initial-cluster.js';
import { checkTlsRules } from './tls-rule-checks.js';

/** The certificate flags of one side, by their names without dashes. */
interface Side {
  readonly cert: 'cert-file' | 'peer-cert-file';
  readonly key: 'key-file' | 'peer-key-file';
  readonly ca: 'trusted-ca-file' | 'peer-trusted-ca-file';
  readonly auth: 'client-cert-auth' | 'peer-client-cert-auth';
}

const clientSide: Side = { cert: 'cert-file', key: 'key-file', ca: 'trusted-ca-file', auth: 'client-cert-auth' };
const peerSide: Side = {
  cert: 'peer-cert-file',
  key: 'peer-key-file',
  ca: 'peer-trusted-ca-file',
  auth: 'peer-client-cert-auth',
};

/** https needs its files; files without https are a mistake that etcd's users have had to find by themselves. */
export function checkTls(read: ReadFlags): void {
  const { values } = read;
  checkPair(read, clientSide.cert, clientSide.key);
  checkPair(read, peerSide.cert, peerSide.key);
  checkPair(read, 'peer-client-cert-file', 'peer-client-key-file');
  checkSchemes(read, clientSide, 'client', [...values['listen-client-urls'], ...values['listen-client-http-urls']]);
  checkMetrics(read);
  checkSchemes(read, peerSide, 'peer', values['listen-peer-urls']);
  checkClientAuthority(read);
  checkPeerAuthority(read);
  checkTlsRules(read);
}

type Pair =
  | 'cert-file'
  | 'key-file'
  | 'peer-cert-file'
  | 'peer-key-file'
  | 'peer-client-cert-file'
  | 'peer-client-key-file';

function checkPair({ values, complaints }: ReadFlags, cert: Pair, key: Pair): void {
  if ((values[cert] === '') === (values[key] === '')) return;
  const flag = values[cert] === '' ? cert : key;
  const message = `--${cert} and --${key} must both be present, --${flag} is missing`;
  complaints.push({ flag: `--${flag}`, message });
}

function checkSchemes(read: ReadFlags, { cert, key, auth }: Side, kind: string, listened: readonly Address[]): void {
  const { values, complaints, warnings } = read;
  for (const { secure, text } of listened) {
    if (secure && values[cert] === '' && values[key] === '') {
      const message = `TLS key/cert (--${cert}, --${key}) must be provided for ${kind} url ${text} with HTTPS scheme`;
      complaints.push({ flag: `--${cert}`, message });
    }
    if (secure) continue;
    if (values[cert] !== '' || values[key] !== '') {
      warnings.push(`${text}: scheme is HTTP while key and cert files are present; ignoring key and cert files`);
    }
    if (values[auth]) {
      warnings.push(`${text}: scheme is HTTP while --${auth} is enabled; ignoring client cert auth for this URL`);
    }
  }
}

function checkMetrics({ values, complaints }: ReadFlags): void {
  const secure = values['listen-metrics-urls'].some((url) => url.secure);
  if (!secure || values['cert-file'] !== '' || values['key-file'] !== '') return;
  const message = 'client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url';
  complaints.push({ flag: '--listen-metrics-urls', message });
}

// etcd would trust the system's authorities then: whoever holds any public certificate could name himself as any user.
function checkClientAuthority({ values, complaints }: ReadFlags): void {
  if (!values['client-cert-auth'] || values['trusted-ca-file'] !== '') return;
  complaints.push({
    flag: '--trusted-ca-file',
    message: '--client-cert-auth needs --trusted-ca-file',
    hint: 'name the authority that signs your client certificates',
  });
}

// Who a message is from is read from its certificate, so members with TLS need an authority of their own.
function checkPeerAuthority({ values, complaints }: ReadFlags): void {
  const all = [...values['listen-peer-urls'], ...initialCluster(values).flatMap(({ urls }) => urls)];
  const secure = all.find((url) => url.secure);
  if (secure === undefined) return;
  const flag = '--peer-trusted-ca-file';
  if (values['peer-trusted-ca-file'] === '') {
    const hint = "name the authority that signs the members' certificates";
    complaints.push({ flag, message: `${flag} must be provided for peer url ${secure.text}`, hint });
  }
  const plain = all.find((url) => !url.secure);
  if (plain !== undefined) {
    const message = `peer urls mix http and https: ${plain.text}, ${secure.text}`;
    complaints.push({ flag: '--initial-cluster', message, hint: 'all members speak TLS to one another, or none does' });
  }
}
