import { basename } from 'node:path';
import type { Finding, FindingCode } from '#pki';
import { shellArgument } from '#templates';
import type { Subject } from './subject.js';

// The exact next command for a finding, where there is one.

/** What apply does anew by itself, once it sees it. */
const mendedByApply: ReadonlySet<FindingCode> = new Set<FindingCode>([
  ...(['certificate-missing', 'key-missing', 'key-mismatch', 'wrong-authority', 'not-yet-valid'] as const),
  ...(['wrong-usage', 'wrong-name', 'no-names', 'names-missing', 'names-surplus', 'name-forbidden'] as const),
]);

/** What is issued again although nothing about it differs from the plan; some of it only under a new key. */
const mendedByRenew: Readonly<Partial<Record<FindingCode, 'same key' | 'new key'>>> = {
  expired: 'same key',
  'expires-soon': 'same key',
  'chain-incomplete': 'same key',
  'chain-order': 'same key',
  'chain-surplus': 'same key',
  'no-usages': 'same key',
  'weak-signature': 'same key',
  'weak-key': 'new key',
  'is-authority': 'new key',
  'not-in-ledger': 'new key',
  revoked: 'new key',
};

/** What is damaged is put over by nothing: it is moved away first. */
const movedFirst: Readonly<Partial<Record<FindingCode, 'certificate' | 'key'>>> = {
  'certificate-unreadable': 'certificate',
  'key-unreadable': 'key',
};

const moved = (path: string): string => `mv ${shellArgument(path)} ${shellArgument(`${path}.old`)}`;

/** From what changes most: a file that needs it needs nothing else. */
const ranks: readonly RegExp[] = [/^mv /, / --new-key/, /^quorate cert renew /, /^quorate apply/];
const rankOf = (step: string): number => {
  const rank = ranks.findIndex((each) => each.test(step));
  return rank < 0 ? ranks.length : rank;
};

/** Each finding's next command; one for all that a subject is made anew for. @param flag ` --dir DIR` where it is needed */
export function nextSteps(
  findings: readonly Finding[],
  subject: Subject | undefined,
  flag: string,
): readonly (string | undefined)[] {
  const makings = findings.map(({ code }) => making(code, subject, flag));
  const strongest = makings
    .filter((step) => step !== undefined)
    .reduce<string | undefined>(
      (best, step) => (best !== undefined && rankOf(best) <= rankOf(step) ? best : step),
      undefined,
    );
  return findings.map(({ hint }, index) => (makings[index] === undefined ? hint : strongest));
}

/** What makes the subject anew, where that mends it. */
function making(code: FindingCode, subject: Subject | undefined, flag: string): string | undefined {
  if (subject === undefined || subject.maker === 'somebody') return undefined;
  const known = mendedByApply.has(code) || mendedByRenew[code] !== undefined || movedFirst[code] !== undefined;
  if (!known) return undefined;
  const { maker } = subject;
  return 'plan' in maker ? ofPlan(code, subject, maker.plan, flag) : ofIssued(subject, maker.profile, flag);
}

function ofPlan(code: FindingCode, { certificate, key }: Subject, name: string, flag: string): string {
  const renewed = mendedByRenew[code];
  if (renewed !== undefined) {
    return `quorate cert renew ${shellArgument(name)}${renewed === 'new key' && key !== undefined ? ' --new-key' : ''}${flag}`;
  }
  const away = movedFirst[code] === 'certificate' ? certificate : movedFirst[code] === 'key' ? key : undefined;
  return [...(away === undefined ? [] : [moved(away)]), `quorate apply${flag}`].join(' && ');
}

/** A single certificate is not put over another one. */
function ofIssued({ certificate, key }: Subject, profile: string, flag: string): string {
  const there = [certificate, ...(key === undefined ? [] : [key])].map(moved);
  const name = basename(certificate, '.crt');
  return [...there, `quorate cert issue ${shellArgument(profile)} ${shellArgument(name)}${flag}`].join(' && ');
}
