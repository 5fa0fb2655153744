import type { X509Certificate } from 'node:crypto';
import type { TlsFiles } from './tls-files.js';
import type { TlsPair } from './tls-pair.js';
import { cipherMismatch, type TlsProtocol } from './tls-protocol.js';

/** What is true of the files and a problem, or soon one; empty when nothing is. */
export function tlsWarnings(files: TlsFiles, pair: TlsPair, protocol: TlsProtocol, now: Date): readonly string[] {
  const named = (file: string | undefined) => (certificate: X509Certificate) => ({ file, certificate });
  const all = [named(files.cert)(pair.certificate), ...pair.authorities.map(named(files.ca))];
  return [
    ...all.flatMap(({ file, certificate }) => {
      if (new Date(certificate.validTo) < now) return [`${file}: expired on ${certificate.validTo}`];
      if (new Date(certificate.validFrom) > now) return [`${file}: not valid before ${certificate.validFrom}`];
      return [];
    }),
    ...cipherWarnings(files, pair, protocol),
    ...crlWarnings(files, pair, now),
  ];
}

function cipherWarnings(files: TlsFiles, { certificate }: TlsPair, protocol: TlsProtocol): readonly string[] {
  const mismatch = cipherMismatch(protocol, certificate.publicKey);
  return mismatch === undefined ? [] : [`${files.cert}: ${mismatch.text}`];
}

// As in etcd an old list still counts. What it can't say is who was revoked since.
function crlWarnings(files: TlsFiles, { revocation }: TlsPair, now: Date): readonly string[] {
  const due = revocation?.nextUpdate;
  if (due === undefined || due > now) return [];
  return [`${files.crl}: was to be replaced by ${due.toISOString()}; it still counts, but write a newer one`];
}
