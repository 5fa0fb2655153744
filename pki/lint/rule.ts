// A rule as data: where it stands, and a small function that says what breaks it.

export interface Rule<Subject> {
  readonly id: string;
  /** Where it stands: `RFC 5280 4.1.2.2`. */
  readonly source: string;
  /** Error: MUST and MUST NOT. Warning: SHOULD and SHOULD NOT. */
  readonly severity: 'error' | 'warning';
  /** What breaks it; undefined where nothing does. A DerError says that what it is about can not be read. */
  check(subject: Subject): string | undefined;
}

/** What breaks a rule, if anything does. */
type Check<Subject> = Rule<Subject>['check'];

export const must = <Subject>(id: string, source: string, check: Check<Subject>): Rule<Subject> => ({
  id,
  source,
  severity: 'error',
  check,
});

export const should = <Subject>(id: string, source: string, check: Check<Subject>): Rule<Subject> => ({
  ...must(id, source, check),
  severity: 'warning',
});

/** The message where a condition is broken. */
export const unless = (holds: boolean, message: string): string | undefined => (holds ? undefined : message);

/** The messages of everything that is broken, as one. */
export const all = (...messages: readonly (string | undefined | false)[]): string | undefined => {
  const said = messages.filter((message) => typeof message === 'string');
  return said.length === 0 ? undefined : said.join('; ');
};

/** X.690 8.3.2: an integer of no more octets than it needs. */
export const isMinimal = (octets: Buffer): boolean =>
  octets.length > 0 && !/^(00[0-7]|ff[89a-f])/.test(octets.toString('hex', 0, 2));
