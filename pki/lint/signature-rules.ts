import { derTags, readInside, readValue } from '../der.js';
import type { AlgorithmField, SignedFields } from '../fields/common.js';
import { weakSignatureAlgorithms } from '../signature-algorithms.js';
import { must, type Rule, unless } from './rule.js';

/** What certificates and lists have in common. */
export interface Signed extends SignedFields {
  readonly innerAlgorithm: AlgorithmField;
}

/** The parameters that each algorithm has: NULL, or none at all. */
const parameters: Readonly<Record<string, readonly [wanted: 'NULL' | 'none', source: string]>> = {
  '1.2.840.113549.1.1.11': ['NULL', 'RFC 4055 5'],
  '1.2.840.113549.1.1.12': ['NULL', 'RFC 4055 5'],
  '1.2.840.113549.1.1.13': ['NULL', 'RFC 4055 5'],
  '1.2.840.10045.4.3.2': ['none', 'RFC 5758 3.2'],
  '1.2.840.10045.4.3.3': ['none', 'RFC 5758 3.2'],
  '1.2.840.10045.4.3.4': ['none', 'RFC 5758 3.2'],
  '1.3.101.112': ['none', 'RFC 8410 3'],
};

function parameterObjection({ innerAlgorithm }: Signed): string | undefined {
  const [wanted, source] = parameters[innerAlgorithm.oid] ?? [];
  if (wanted === undefined) return undefined;
  const [, given, ...more] = readInside(readValue(innerAlgorithm.whole), derTags.sequence, 'the signature algorithm');
  const fine = more.length === 0 && (wanted === 'none' ? given === undefined : given?.whole.toString('hex') === '0500');
  return unless(fine, `the parameters of its signature algorithm are not ${wanted} (${source})`);
}

/** @param section of the two fields: `4.1.1.2` for certificates */
export const signatureRules = (section: string): readonly Rule<Signed>[] => [
  must('algorithms-equal', `RFC 5280 ${section}`, ({ algorithm, innerAlgorithm }) =>
    unless(
      algorithm.whole.equals(innerAlgorithm.whole),
      `it says ${innerAlgorithm.oid} where it is signed, and ${algorithm.oid} behind that`,
    ),
  ),
  must('algorithm-parameters', `RFC 5280 ${section}`, parameterObjection),
];

/** Of RFC 6151 and RFC 9155; not for what has signed itself, which nobody believes for its signature. */
export const strengthRule = <Subject extends Signed>(exempt: (subject: Subject) => boolean): Rule<Subject> =>
  must('signature-strong', 'RFC 9155', (subject) => {
    const weak = weakSignatureAlgorithms[subject.innerAlgorithm.oid];
    return unless(weak === undefined || exempt(subject), `it is signed with ${weak}, which can be forged`);
  });
