import { certificateStates, type LedgerEntry, type LedgerOrder, type LedgerQuery } from '#pki';
import type { Given } from '../../commands/command.js';
import { WizardError } from '../../errors.js';
import type { Objection } from '../../plan/complaints.js';
import { nearest } from '../../plan/nearest.js';

/** What `cert list` is asked for. */
export interface Listing {
  readonly query: LedgerQuery;
  /** What no index of the ledger knows. */
  readonly fits: (entry: LedgerEntry) => boolean;
  /** Whether serials without a certificate are asked for as well, and nothing but these. */
  readonly reserved: 'no' | 'also' | 'only';
  readonly limit: number;
  /** From 1. */
  readonly page: number;
}

const states = [...certificateStates, 'reserved'] as const;
const orders: readonly LedgerOrder[] = ['expiry', 'issue', 'subject'];
const memberProfiles: readonly string[] = ['server', 'peer'];
const dayMs = 86_400_000;

const texts = (value: Given[string]): readonly string[] | undefined => (Array.isArray(value) ? value : undefined);
const text = (value: Given[string]): string | undefined => (typeof value === 'string' ? value : undefined);

/** The command line of `cert list`. @throws WizardError `usage` with everything that is wrong */
export function parseListing(given: Given, now: Date): Listing {
  const wrong = [...numberObjections(given), ...choiceObjections(given), ...nameObjections(given)];
  if (wrong.length > 0) throw usage(wrong);
  const { subject, prefix } = subjectOf(given);
  const asked = texts(given.state);
  const inLedger = certificateStates.filter((state) => asked === undefined || asked.includes(state));
  const within = given.expiresWithin === undefined ? undefined : Number(given.expiresWithin);
  return {
    query: {
      now,
      subject,
      subjectPrefix: prefix,
      profiles: texts(given.profile) ?? (given.member === undefined ? undefined : memberProfiles),
      states: asked !== undefined ? inLedger : within === undefined ? undefined : ['issued'],
      endsUntil: within === undefined ? undefined : new Date(now.getTime() + within * dayMs),
      order: orders.find((order) => order === given.sort),
      reverse: given.reverse === true,
    },
    fits: given.user === undefined ? () => true : ({ profile }) => ![...memberProfiles, 'root'].includes(profile),
    reserved: !asked?.includes('reserved') ? 'no' : inLedger.length === 0 ? 'only' : 'also',
    limit: Number(given.limit ?? 50),
    page: Number(given.page ?? 1),
  };
}

function subjectOf({ user, member, subject }: Given): { readonly subject?: string; readonly prefix?: string } {
  const name = text(user) ?? text(member);
  if (name !== undefined) return { subject: name };
  const wanted = text(subject);
  if (wanted === undefined) return {};
  return wanted.endsWith('*') ? { prefix: wanted.slice(0, -1) } : { subject: wanted };
}

function numberObjections(given: Given): Objection[] {
  const numbers = [
    ['--limit', given.limit, 1],
    ['--page', given.page, 1],
    ['--expires-within', given.expiresWithin, 0],
  ] as const;
  return numbers.flatMap(([flag, value, min]) => {
    const allowed = value === undefined || (/^\d{1,9}$/.test(String(value)) && Number(value) >= min);
    return allowed ? [] : [{ what: `${flag}: ${value} is no whole number from ${min} on` }];
  });
}

function choiceObjections({ state, sort }: Given): Objection[] {
  const wrongStates = (texts(state) ?? []).filter((each) => !states.some((known) => known === each));
  const wrongOrder = sort === undefined || orders.some((known) => known === sort) ? [] : [String(sort)];
  return [
    ...wrongStates.map((each) => noSuch('--state', each, states)),
    ...wrongOrder.map((each) => noSuch('--sort', each, orders)),
  ];
}

const nameObjections = ({ user, member, subject }: Given): Objection[] =>
  [user, member, subject].filter((each) => each !== undefined).length > 1
    ? [{ what: '--user, --member and --subject all say whose certificates are meant', hint: 'give one of them' }]
    : [];

function noSuch(flag: string, value: string, choices: readonly string[]): Objection {
  const meant = nearest(value, choices);
  const hint = meant === undefined ? `one of ${choices.join(', ')}` : `did you mean ${meant}?`;
  return { what: `${flag}: there is no ${JSON.stringify(value)}`, hint };
}

function usage(objections: readonly Objection[]): WizardError {
  const hints = objections.flatMap(({ hint }) => (hint === undefined ? [] : [hint]));
  const hint = hints.length > 0 ? [...new Set(hints)].join('; ') : 'quorate cert list --help has examples';
  return new WizardError('usage', objections.map(({ what }) => what).join('; '), { objections }, { hint });
}
