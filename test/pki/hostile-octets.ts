import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { bench } from './setting.js';

/** Octets as they come, and a certificate or a revocation list with some of them changed, cut off, or put into PEM. */
export async function hostileOctets(t: ExecutionContext): Promise<fc.Arbitrary<Buffer>> {
  const { write, path } = await bench(t);
  const { certificate } = await write('m1');
  const pem = readFileSync(certificate);
  const real = [new X509Certificate(pem).raw, readFileSync(path('pki/ca.crl.der')), pem];
  const changed = fc
    .tuple(fc.constantFrom(...real), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), fc.nat(3))
    .map(([bytes, changes, end, way]) => {
      const copy = Buffer.from(bytes);
      for (const [place, octet] of changes) copy[place % copy.length] = octet;
      if (way === 0) return copy.subarray(0, end % copy.length);
      if (way === 1) return Buffer.concat([copy, copy]);
      const label = end % 2 === 0 ? 'CERTIFICATE' : 'X509 CRL';
      if (way === 2)
        return Buffer.from(`-----BEGIN ${label}-----\n${copy.toString('base64')}\n-----END ${label}-----\n`);
      return copy;
    });
  return fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    changed,
  );
}
