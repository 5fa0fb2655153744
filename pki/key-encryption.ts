// A private key under a passphrase: PKCS#8 with PBES2 (RFC 8018 6.2), written by us because Node's own export stops at 2,048
// rounds. OpenSSL reads it back, also with the scrypt or the older ciphers that other tools write.
import { createCipheriv, type KeyObject, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { EncryptedData, EncryptedPrivateKeyInfo } from '@peculiar/asn1-pkcs8';
import { AsnConvert, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { toPem } from './pem.js';

// GnuTLS reads salts of 32 octets at most, and knows no scrypt: PBKDF2 is what every tool takes.
const saltOctets = 16;
const keyOctets = 32;
const ivOctets = 16;

/** What OWASP wants of PBKDF2 with HMAC-SHA-256: about a quarter of a second for whoever guesses one passphrase. */
export const rounds = 600_000;

const oids = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const;

// RFC 8018 A.2 and A.4: the library has the frame that they stand in, and not them.

class Pbkdf2Parameters {
  salt = new OctetString();
  iterationCount = 0;
  prf = new AlgorithmIdentifier();
}
AsnType({ type: AsnTypeTypes.Sequence })(Pbkdf2Parameters);
AsnProp({ type: OctetString })(Pbkdf2Parameters.prototype, 'salt');
AsnProp({ type: AsnPropTypes.Integer })(Pbkdf2Parameters.prototype, 'iterationCount');
AsnProp({ type: AlgorithmIdentifier })(Pbkdf2Parameters.prototype, 'prf');

class Pbes2Parameters {
  keyDerivation = new AlgorithmIdentifier();
  encryption = new AlgorithmIdentifier();
}
AsnType({ type: AsnTypeTypes.Sequence })(Pbes2Parameters);
AsnProp({ type: AlgorithmIdentifier })(Pbes2Parameters.prototype, 'keyDerivation');
AsnProp({ type: AlgorithmIdentifier })(Pbes2Parameters.prototype, 'encryption');

const identifier = (algorithm: string, parameters: unknown): AlgorithmIdentifier =>
  new AlgorithmIdentifier({ algorithm, parameters: AsnConvert.serialize(parameters) });

const derNull = new Uint8Array([5, 0]).buffer;

function parametersOf(salt: Buffer, iv: Buffer): AlgorithmIdentifier {
  const prf = new AlgorithmIdentifier({ algorithm: oids.hmacSha256, parameters: derNull });
  const derivation = Object.assign(new Pbkdf2Parameters(), {
    salt: new OctetString(salt),
    iterationCount: rounds,
    prf,
  });
  const scheme = Object.assign(new Pbes2Parameters(), {
    keyDerivation: identifier(oids.pbkdf2, derivation),
    encryption: identifier(oids.aes256Cbc, new OctetString(iv)),
  });
  return identifier(oids.pbes2, scheme);
}

/** The key in PEM, `ENCRYPTED PRIVATE KEY`: AES-256-CBC under PBKDF2 with HMAC-SHA-256. Derived on libuv's threads. */
export async function encryptKey(key: KeyObject, passphrase: string): Promise<string> {
  const [salt, iv] = [randomBytes(saltOctets), randomBytes(ivOctets)];
  const secret = await promisify(pbkdf2)(passphrase, salt, rounds, keyOctets, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', secret, iv);
  const plain = key.export({ type: 'pkcs8', format: 'der' });
  const encrypted = new EncryptedData(Buffer.concat([cipher.update(plain), cipher.final()]));
  const info = new EncryptedPrivateKeyInfo({ encryptionAlgorithm: parametersOf(salt, iv), encryptedData: encrypted });
  return toPem('ENCRYPTED PRIVATE KEY', new Uint8Array(AsnConvert.serialize(info)));
}
