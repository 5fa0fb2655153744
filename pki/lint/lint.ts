// Certificates and revocation lists against RFC 5280, as far as it applies to an authority of one's own.
import { DerError } from '../der.js';
import { PkiError } from '../errors.js';
import { type CertificateFields, readCertificateFields } from '../fields/certificate.js';
import {
  looksLikeRevocationList,
  type RevocationListFields,
  readRevocationListFields,
} from '../fields/revocation-list.js';
import { readBytes } from '../files.js';
import { blocksOf, type PemBlock } from '../pem.js';
import { altNameRules } from './alt-name-rules.js';
import { authorityRules } from './authority-rules.js';
import { certificateRules } from './certificate-rules.js';
import { extensionRules } from './extension-rules.js';
import { listRules } from './list-rules.js';
import { must, type Rule } from './rule.js';

/** Every rule for certificates, in the order of RFC 5280. */
export const certificateLintRules: readonly Rule<CertificateFields>[] = [
  ...certificateRules,
  ...extensionRules,
  ...authorityRules,
  ...altNameRules,
];

/** Every rule for revocation lists. */
export const listLintRules: readonly Rule<RevocationListFields>[] = listRules;

export interface LintFinding {
  readonly rule: string;
  /** Where the rule stands: `RFC 5280 4.1.2.2`. */
  readonly source: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** One certificate or list of a file. */
export interface Linted {
  /** From 1, in the order of the file. */
  readonly place: number;
  readonly kind: 'certificate' | 'revocation list' | 'unreadable';
  readonly findings: readonly LintFinding[];
}

/** A hundred thousand revoked certificates take five megabytes. */
const lintSizeMax = 67_108_864;
const kinds: Readonly<Record<string, 'certificate' | 'revocation list'>> = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
  'X509 CRL': 'revocation list',
  CRL: 'revocation list',
};

/**
 * Everything in a file that is a certificate or a revocation list, in PEM or DER. What else is in it, keys say, is passed over.
 * @throws PkiError `certificate-unreadable` when there is none, or what the disk says
 */
export async function lintFile(path: string): Promise<readonly Linted[]> {
  const bytes = await readBytes(path, lintSizeMax);
  const hint = 'certificates and revocation lists are looked at, in PEM or DER';
  if (bytes.length > lintSizeMax) {
    throw new PkiError('certificate-unreadable', `${path} has more than ${lintSizeMax} bytes`, { path }, { hint });
  }
  return lintBytes(bytes, path);
}

/** The same of what is not in a file. @param where for messages */
export function lintBytes(bytes: Buffer, where: string): readonly Linted[] {
  const wanted = {
    code: 'certificate-unreadable',
    what: 'certificate or revocation list',
    labels: ['CERTIFICATE'],
    where,
  } as const;
  const blocks = blocksOf(bytes, wanted);
  if (blocks.length === 0) return [{ place: 1, ...lintDer(bytes) }];
  const known = blocks.filter(({ label }) => kinds[label] !== undefined);
  if (known.length > 0) return known.map((block, index) => ({ place: index + 1, ...lintBlock(block) }));
  const held = [...new Set(blocks.map(({ label }) => label.toLowerCase()))].join(', ');
  const hint =
    'certificates and revocation lists are looked at; requests are judged when they are certified (quorate cert issue --csr)';
  throw new PkiError(
    'certificate-unreadable',
    `${where} holds no certificate or revocation list, but: ${held}`,
    { where },
    { hint },
  );
}

const lintBlock = ({ label, der }: PemBlock): Omit<Linted, 'place'> =>
  kinds[label] === 'certificate' ? lintCertificate(der) : lintList(der);

function lintDer(der: Buffer): Omit<Linted, 'place'> {
  return attempt(
    'certificate',
    () => looksLikeRevocationList(der),
    (isList) => (isList ? lintList(der) : lintCertificate(der)),
  );
}

const lintCertificate = (der: Buffer): Omit<Linted, 'place'> =>
  attempt(
    'certificate',
    () => readCertificateFields(der),
    (fields) => ({
      kind: 'certificate',
      findings: findingsOf(certificateLintRules, fields),
    }),
  );

const lintList = (der: Buffer): Omit<Linted, 'place'> =>
  attempt(
    'revocation list',
    () => readRevocationListFields(der),
    (fields) => ({
      kind: 'revocation list',
      findings: findingsOf(listLintRules, fields),
    }),
  );

function attempt<Fields>(
  what: string,
  read: () => Fields,
  then: (fields: Fields) => Omit<Linted, 'place'>,
): Omit<Linted, 'place'> {
  try {
    return then(read());
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const source = what === 'certificate' ? 'RFC 5280 4.1' : 'RFC 5280 5.1';
    const rule = must('readable', source, () => undefined);
    return { kind: 'unreadable', findings: [{ ...plain(rule), message: `it is no ${what} in DER: ${error.message}` }] };
  }
}

const plain = ({ id, source, severity }: Rule<never>) => ({ rule: id, source, severity });

function findingsOf<Subject>(rules: readonly Rule<Subject>[], subject: Subject): LintFinding[] {
  return rules.flatMap((rule) => {
    const message = broken(rule, subject);
    return message === undefined ? [] : [{ ...plain(rule), message }];
  });
}

function broken<Subject>(rule: Rule<Subject>, subject: Subject): string | undefined {
  try {
    return rule.check(subject);
  } catch (error) {
    if (error instanceof DerError) return `it can not be read: ${error.message}`;
    throw error;
  }
}
