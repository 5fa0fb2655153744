import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import {
  type Certificate,
  type CertificateUse,
  inspectCertificate,
  isTaken,
  PkiError,
  readBytes,
  readCertificates,
} from '#pki';
import { mapAtOnce } from '../../at-once.js';
import { isUnspecified } from '../../plan/address.js';
import { quoted } from '../../shown.js';
import { type Diagnosis, error, fromVerified, warning } from '../diagnosis.js';
import { hostOf, type Settings, urlsOf } from './read.js';
import { isFrom, type Written } from './rule.js';

// The files that settings name, where those files are on this machine.

interface Named {
  readonly title: string;
  readonly use: CertificateUse;
  readonly certificate: string;
  readonly key: string | undefined;
  readonly ca: string;
  readonly names: readonly string[];
}

function namedBy(settings: Settings, prefix: '' | 'peer-', use: CertificateUse, urlFlags: readonly string[]): Named[] {
  const [certificate, key, ca] = ['cert-file', 'key-file', 'trusted-ca-file'].map((flag) =>
    settings.get(prefix + flag),
  );
  if (certificate === undefined || ca === undefined) return [];
  const names = new Set(urlFlags.flatMap((flag) => urlsOf(settings.get(flag)).map(hostOf)));
  const title = `the certificate of --${prefix}cert-file`;
  return [
    { title, use, certificate, key, ca, names: [...names].filter((name) => name !== '' && !isUnspecified(name)) },
  ];
}

/** Of files that another machine may have nothing is said where this one has none. */
export async function namedFileTroubles(written: Written, now: Date): Promise<Diagnosis[]> {
  const { settings } = written;
  const named = [
    ...namedBy(settings, '', 'server', ['listen-client-urls', 'advertise-client-urls']),
    ...namedBy(settings, 'peer-', 'peer', ['initial-advertise-peer-urls']),
  ];
  const [found, lists, proxy] = await Promise.all([
    mapAtOnce(named, (each) => certificateTroubles(each, written, now)),
    listTroubles(written),
    proxyTroubles(written),
  ]);
  return [...found.flat(), ...lists, ...proxy];
}

async function certificateTroubles({ title, key, ...files }: Named, written: Written, now: Date): Promise<Diagnosis[]> {
  const { certificate } = files;
  if (!isAbsolute(certificate) || !(await isTaken(certificate))) return [];
  const strange = await notFiles([certificate, key, files.ca]);
  if (strange.length > 0) return strange;
  // What else a certificate is good for is known to whoever wrote the settings.
  const findings = (await inspectCertificate({ ...files, key, now })).filter(({ code }) => code !== 'names-surplus');
  return [...fromVerified([{ title, where: certificate, findings }]), ...(await suiteTroubles(certificate, written))];
}

/** Who wrote the settings may name what has no end, or what waits for somebody. */
async function notFiles(paths: readonly (string | undefined)[]): Promise<Diagnosis[]> {
  const judged = paths.map(async (path) => {
    const found = path === undefined || !isAbsolute(path) ? undefined : await stat(path).catch(() => undefined);
    return path === undefined || found === undefined || found.isFile()
      ? []
      : [
          error(
            'certificate-unreadable',
            path,
            `${quoted(path)} is no file`,
            'name the file with the certificate, or key',
          ),
        ];
  });
  return (await Promise.all(judged)).flat();
}

const derLists = [3, 6] as const;
/** RFC 7468: what may stand before it is not told apart. */
const pemStart = Buffer.from('-----BEGIN X509 CRL-----');

/** Lists in PEM are read by etcd up to 3.5 alone. A file that is not here is judged by its name. */
async function listTroubles({ settings, where, etcd }: Written): Promise<Diagnosis[]> {
  const named = ['client-crl-file', 'peer-crl-file'].flatMap((flag) => {
    const path = settings.get(flag);
    return path === undefined ? [] : [{ flag, path }];
  });
  const found = await mapAtOnce(named, async ({ flag, path }) => {
    const strange = await notFiles([path]);
    if (strange.length > 0) return strange;
    const bytes = isAbsolute(path) && (await isTaken(path)) ? await readBytes(path, listBytesMax) : undefined;
    if (bytes === undefined ? !/\.(pem|crl)$/.test(path) : !bytes.includes(pemStart)) return [];
    const say = bytes !== undefined && etcd !== undefined && isFrom(etcd, derLists) ? error : warning;
    return [say('list-format', where, `--${flag}=${path}`, 'DER, which every etcd reads: pki/ca.crl.der')];
  });
  return found.flat();
}

const listBytesMax = 64 * 1024;

/** Suites of TLS 1.2 name the kind of key that they are for. */
async function suiteTroubles(certificate: string, { settings, where }: Written): Promise<Diagnosis[]> {
  const suites = settings.get('cipher-suites')?.split(',') ?? [];
  const kinds = new Set(suites.flatMap((suite) => /_(ECDSA|RSA)_WITH_/.exec(suite)?.[1] ?? []));
  if (kinds.size === 0) return [];
  const kind = await keyKindOf(certificate);
  if (kind === undefined || kinds.has(kind)) return [];
  const what = `--cipher-suites are for ${[...kinds].join()} keys alone, and ${certificate} has one of ${kind}`;
  return [error('suites-key', where, what, `suites with ${kind} in their names, or leave the setting out`)];
}

/** A proxy asks for all of its clients with one certificate. */
async function proxyTroubles({ settings, text, where }: Written): Promise<Diagnosis[]> {
  const path = /\bgrpc-proxy\b/.test(text) ? settings.get('cert') : undefined;
  if (path === undefined || !isAbsolute(path) || (await notFiles([path])).length > 0) return [];
  const { commonName = '' } = (await readIfThere(path)) ?? {};
  if (commonName === '') return [];
  const what = `etcd grpc-proxy --cert=${path}, whose common name is ${quoted(commonName)}`;
  return [error('proxy-named', where, what, 'one without a common name: quorate cert issue proxy-client HOST')];
}

/** As suites name it; undefined where the file can't be read, which is said elsewhere. */
async function keyKindOf(path: string): Promise<'RSA' | 'ECDSA' | undefined> {
  const certificate = await readIfThere(path);
  if (certificate === undefined) return undefined;
  return new X509Certificate(certificate.pem).publicKey.asymmetricKeyType === 'rsa' ? 'RSA' : 'ECDSA';
}

/** The first of a file; what can't be read is told by whoever judges certificates. */
async function readIfThere(path: string): Promise<Certificate | undefined> {
  try {
    return (await readCertificates(path))[0];
  } catch (cause) {
    if (cause instanceof PkiError) return undefined;
    throw cause;
  }
}
