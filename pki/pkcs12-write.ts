// The one file that knows pkijs, which pkcs12.ts loads when there is something to write.
import { createHash, createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { BmpString, OctetString } from 'asn1js';
import {
  AlgorithmIdentifier,
  Certificate as Asn1Certificate,
  Attribute,
  AuthenticatedSafe,
  CertBag,
  ContentInfo,
  CryptoEngine,
  DigestInfo,
  MacData,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';
import type { Bundle } from './bundle.js';
import { type Certificate, openCertificate } from './certificate.js';

export interface Pkcs12Options {
  readonly bundle: Bundle & { readonly keyPem: string };
  /** What the entry is called: Java's alias. */
  readonly name: string;
  readonly password: string;
}

const engine = new CryptoEngine({ name: 'node', crypto: webcrypto as never });

/** What OWASP asks of PBKDF2 with HMAC-SHA256. The MAC has as many: whoever guesses would else guess against it. */
const rounds = 600_000;
/** certtool has no room for more when it shows them. */
const macSaltOctets = 16;

const oids = {
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

/** An ArrayBuffer of its own: Node's small Buffers share one. */
const own = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** See makePkcs12. */
export async function writePkcs12({ bundle, name, password }: Pkcs12Options): Promise<Buffer> {
  const { leaf, intermediates, authority, keyPem } = bundle;
  const encryption = {
    password: own(Buffer.from(password)),
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: rounds,
  };
  const names = attributes(name, leaf);
  const key = shroud(keyPem);
  await key.makeInternalValues(encryption, engine);
  // In one piece: pkijs cuts it up, which is BER, and GnuTLS does not read such a key.
  if (key.encryptedData !== undefined) key.encryptedData = new OctetString({ valueHex: key.encryptedData.getValue() });
  const certificates = [certBag(leaf, names), ...[...intermediates, authority].map((each) => certBag(each))];
  const safe = new AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        contents(0, [new SafeBag({ bagId: oids.shroudedKeyBag, bagValue: key, bagAttributes: names })]),
        contents(1, certificates),
      ],
    },
  });
  await safe.makeInternalValues({ safeContents: [{}, encryption] }, engine);
  return sealed(safe, encryption.password);
}

/** Privacy 0 is plain (the key in it is encrypted by itself), 1 by password. */
const contents = (privacyMode: 0 | 1, safeBags: SafeBag[]) => ({ privacyMode, value: new SafeContents({ safeBags }) });

const shroud = (keyPem: string): PKCS8ShroudedKeyBag =>
  new PKCS8ShroudedKeyBag({
    parsedValue: PrivateKeyInfo.fromBER(own(createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' }))),
  });

const rawOf = ({ pem }: Certificate): Buffer => openCertificate(pem, 'the certificate').raw;

const certBag = (certificate: Certificate, bagAttributes?: Attribute[]): SafeBag =>
  new SafeBag({
    bagId: oids.certBag,
    bagValue: new CertBag({ parsedValue: Asn1Certificate.fromBER(own(rawOf(certificate))) }),
    ...(bagAttributes === undefined ? {} : { bagAttributes }),
  });

/** By these a reader knows which certificate the key is for. SHA-1, as everywhere: it names, and protects nothing. */
function attributes(name: string, leaf: Certificate): Attribute[] {
  const id = createHash('sha1').update(rawOf(leaf)).digest();
  return [
    new Attribute({ type: oids.friendlyName, values: [new BmpString({ value: name })] }),
    new Attribute({ type: oids.localKeyId, values: [new OctetString({ valueHex: own(id) })] }),
  ];
}

/** PFX's own makeInternalValues takes a salt of 64 octets. */
async function sealed(safe: AuthenticatedSafe, password: ArrayBuffer): Promise<Buffer> {
  const content = safe.toSchema().toBER(false);
  const salt = own(randomBytes(macSaltOctets));
  const stamp = { password, hashAlgorithm: 'SHA-256', salt, iterationCount: rounds, contentToStamp: content };
  const digest = new OctetString({ valueHex: await engine.stampDataWithPassword(stamp) });
  const digestAlgorithm = new AlgorithmIdentifier({ algorithmId: oids.sha256 });
  const pfx = new PFX({
    authSafe: new ContentInfo({ contentType: ContentInfo.DATA, content: new OctetString({ valueHex: content }) }),
    macData: new MacData({
      mac: new DigestInfo({ digestAlgorithm, digest }),
      macSalt: new OctetString({ valueHex: salt }),
      iterations: rounds,
    }),
  });
  return Buffer.from(pfx.toSchema().toBER());
}
