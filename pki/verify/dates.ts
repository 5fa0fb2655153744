import type { Certificate } from '../certificate.js';
import type { Finding } from './finding.js';

const dayMs = 86_400_000;
const warnDays = 30;

/** Whole days until notAfter; negative once it has passed. */
export const daysLeft = ({ notAfter }: Pick<Certificate, 'notAfter'>, now: Date): number =>
  Math.floor((notAfter.getTime() - now.getTime()) / dayMs);

/** In its last thirty days, and in the last third of its life: what lives for a week is not late on its first day. */
function isSoon(leaf: Certificate, now: Date): boolean {
  const [life, left] = [leaf.notBefore, now].map((from) => leaf.notAfter.getTime() - from.getTime()) as [
    number,
    number,
  ];
  return left < warnDays * dayMs && left * 3 < life;
}

/** Expired, soon to be, or not yet valid. */
export function dateFindings(leaf: Certificate, path: string, now: Date): Finding[] {
  const left = daysLeft(leaf, now);
  const at = { path, daysLeft: left } as const;
  if (now >= leaf.notAfter) {
    const [message, hint] = [`expired at ${leaf.notAfter.toISOString()}`, 'issue it again: quorate cert renew'];
    return [{ ...at, code: 'expired', severity: 'error', message, hint }];
  }
  if (now < leaf.notBefore) {
    const message = `not valid before ${leaf.notBefore.toISOString()}, and the clock says ${now.toISOString()}`;
    return [{ path, code: 'not-yet-valid', severity: 'error', message, hint: 'set the clock of this machine' }];
  }
  if (!isSoon(leaf, now)) return [];
  const [message, hint] = [`expires in ${left} days`, 'renew it before that: quorate cert renew'];
  return [{ ...at, code: 'expires-soon', severity: 'warning', message, hint }];
}
