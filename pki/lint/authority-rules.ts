// RFC 5280 4.2.1.3, 4.2.1.9, 4.2.1.10: what its key may be used for, and who may sign certificates.
import { createPublicKey } from 'node:crypto';
import { contextTag, derTags, readInside } from '../der.js';
import type { CertificateFields } from '../fields/certificate.js';
import { all, must, type Rule, should, unless } from './rule.js';
import { basicConstraints, extension, generalNameTags, innerValue, keyUsages, partsOf, readable } from './view.js';

const mark = (fields: CertificateFields): boolean => readable(() => basicConstraints(fields)?.isAuthority) === true;
const signs = (fields: CertificateFields): boolean =>
  readable(() => keyUsages(fields)?.includes('keyCertSign')) === true;
const length = (fields: CertificateFields): Buffer | undefined => readable(() => basicConstraints(fields)?.pathLength);

/** Usages that a kind of key can't have. */
const unfit: Readonly<Record<string, readonly [usages: readonly string[], source: string]>> = {
  ec: [['keyEncipherment', 'dataEncipherment'], 'RFC 8813 3'],
  ed25519: [['keyEncipherment', 'dataEncipherment', 'keyAgreement', 'encipherOnly', 'decipherOnly'], 'RFC 8410 5'],
};

function keyType({ publicKey }: CertificateFields): string {
  try {
    return createPublicKey({ key: publicKey, format: 'der', type: 'spki' }).asymmetricKeyType ?? '';
  } catch {
    return '';
  }
}

export const authorityRules: readonly Rule<CertificateFields>[] = [
  must('key-usage-of-authority', 'RFC 5280 4.2.1.3', (fields) =>
    unless(
      !mark(fields) || signs(fields),
      'it is an authority, and its keyUsage does not say that it signs certificates',
    ),
  ),
  must('key-usage-not-empty', 'RFC 5280 4.2.1.3', (fields) =>
    unless(keyUsages(fields)?.length !== 0, 'its keyUsage allows nothing'),
  ),
  must('key-usage-minimal', 'X.690 11.2.2', (fields) => {
    const field = extension(fields, 'keyUsage');
    if (field === undefined) return undefined;
    const { tag, content } = innerValue(field);
    const [unused = 0, ...octets] = content;
    const last = octets.at(-1) ?? 0;
    const minimal = tag !== derTags.bitString || last === 0 || (last & (1 << unused)) !== 0;
    return unless(minimal, 'its keyUsage ends in bits that are not set, which DER leaves out');
  }),
  must('key-usage-fits', 'RFC 5280 4.2.1.3', (fields) => {
    const [usages = [], source = ''] = unfit[keyType(fields)] ?? [];
    const odd = (readable(() => keyUsages(fields)) ?? []).filter((usage) => usages.includes(usage));
    return unless(odd.length === 0, `a key of type ${keyType(fields)} is not for ${odd.join(' and ')} (${source})`);
  }),
  should('key-usage-there', 'RFC 5280 4.2.1.3', (fields) =>
    unless(
      fields.extensions === undefined || extension(fields, 'keyUsage') !== undefined,
      'it does not say what its key is for (keyUsage)',
    ),
  ),
  must('authority-marked', 'RFC 5280 4.2.1.9', (fields) =>
    unless(
      !signs(fields) || basicConstraints(fields)?.isAuthority === true,
      'it may sign certificates, and basicConstraints does not say that it is an authority',
    ),
  ),
  must('authority-mark-critical', 'RFC 5280 4.2.1.9', (fields) =>
    unless(
      !mark(fields) || extension(fields, 'basicConstraints')?.critical === true,
      'it is an authority, and basicConstraints is not critical',
    ),
  ),
  must('authority-mark-left-out', 'X.690 11.5', (fields) => {
    const found = readable(() => basicConstraints(fields));
    return unless(
      !(found?.marked && !found.isAuthority),
      'basicConstraints says that it is no authority, which DER leaves out',
    );
  }),
  must('path-length', 'RFC 5280 4.2.1.9', (fields) => {
    const given = length(fields);
    if (given === undefined) return undefined;
    return all(
      !(mark(fields) && signs(fields)) && 'it has a path length, which only authorities that sign certificates have',
      given.length === 0 || ((given[0] ?? 0) & 0x80) !== 0 ? 'its path length is negative' : undefined,
    );
  }),
  must('name-constraints-of-authority', 'RFC 5280 4.2.1.10', (fields) =>
    unless(
      extension(fields, 'nameConstraints') === undefined || mark(fields),
      'it has name constraints, which only authorities have',
    ),
  ),
  must('name-constraints-form', 'RFC 5280 4.2.1.10', constraintsObjection),
];

function constraintsObjection(fields: CertificateFields): string | undefined {
  const field = extension(fields, 'nameConstraints');
  if (field === undefined) return undefined;
  const lists = partsOf(field, 'nameConstraints');
  const trees = lists.flatMap((list) => readInside(list, list.tag, 'a list of subtrees'));
  const bases = trees.map((tree) => readInside(tree, derTags.sequence, 'a subtree'));
  return all(
    lists.length === 0 && 'its name constraints allow and exclude nothing',
    lists.length > 0 && trees.length === 0 && 'a list of its name constraints is empty',
    bases.some(
      ([base]) => base?.tag === generalNameTags.ip && base.content.length !== 8 && base.content.length !== 32,
    ) && 'an address of its name constraints has no mask: 8 octets for IPv4, 32 for IPv6',
    bases.some((parts) => parts.slice(1).some(({ tag }) => tag === contextTag(0) || tag === contextTag(1))) &&
      'a subtree of its name constraints has a minimum or a maximum',
  );
}
