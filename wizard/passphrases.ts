import type { PkiError } from '#pki';
import { WizardError } from './errors.js';
import { readDescriptor } from './passphrase-descriptor.js';
import { newPassphraseVariable, passphraseVariable } from './secret-variables.js';
import type { Terminal } from './terminal.js';

// The passphrase of the authority's key: out of a file descriptor, a variable or a person, asked for once a run. Never out of
// an argument, which every user of the machine can read.

const triesMax = 3;

/** What opens the authority's key. */
export interface PassphraseSource {
  /** What `use` gives, with the passphrase that it needs, if it does. A person may try three times. */
  open<T>(use: (passphrase?: string) => Promise<T>): Promise<T>;
  /** For a key that is to be made; none leaves it in clear. */
  forNew(): Promise<string | undefined>;
}

/** Where nobody can be asked, and nothing is given. */
export const noPassphrases: PassphraseSource = { open: (use) => use(), forNew: async () => undefined };

export interface GivenPassphrases {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** As `--ca-passphrase-fd` was typed. */
  readonly descriptor: string | undefined;
  /** Whether a person wants to be asked for what has a default. */
  readonly askForNew: boolean;
}

// By its fields, as report.ts does: to import the class would load the wing for every --help.
const isAbout = (error: unknown, code: string): error is PkiError =>
  error instanceof Error && 'code' in error && error.code === code;

/** Those of one command line. */
export class Passphrases implements PassphraseSource {
  readonly #given: GivenPassphrases;
  #read: Promise<string | undefined> | undefined;
  /** What has opened the key, or is going to. */
  #known: string | undefined;
  #new: Promise<string | undefined> | undefined;

  constructor(given: GivenPassphrases) {
    this.#given = given;
  }

  async open<T>(use: (passphrase?: string) => Promise<T>): Promise<T> {
    try {
      return await use(this.#known);
    } catch (error) {
      // What has opened one key need not open another, such as one on a token.
      const isAnothers = this.#known !== undefined && isAbout(error, 'passphrase-wrong');
      if (!isAnothers && !isAbout(error, 'passphrase-needed')) throw error;
      const given = await this.#readGiven();
      if (given !== undefined && given === this.#known) throw error;
      if (given === undefined && !this.#given.terminal.interactive) throw error;
      return given === undefined
        ? this.#ask(use, `${error.details.secret ?? 'passphrase'} of ${error.details.where}`)
        : this.#remember(use, given);
    }
  }

  /** Typed twice: nobody sees what is typed. */
  forNew(): Promise<string | undefined> {
    this.#new ??= this.#readNew().then((passphrase) => {
      this.#known = passphrase;
      return passphrase;
    });
    return this.#new;
  }

  async #readNew(): Promise<string | undefined> {
    const given = await this.#readGiven();
    const { terminal, askForNew } = this.#given;
    if (given !== undefined || !askForNew || !terminal.interactive) return given;
    terminal.endProgress();
    const passphrase = await askNew("A passphrase for the authority's key (Enter for none)");
    return passphrase === '' ? undefined : passphrase;
  }

  #readGiven(): Promise<string | undefined> {
    const { descriptor, environment } = this.#given;
    this.#read ??= readDescriptor('--ca-passphrase-fd', descriptor).then(
      (read) => read ?? (environment[passphraseVariable] || undefined),
    );
    return this.#read;
  }

  async #remember<T>(use: (passphrase?: string) => Promise<T>, passphrase: string): Promise<T> {
    const used = await use(passphrase);
    this.#known = passphrase;
    return used;
  }

  async #ask<T>(use: (passphrase?: string) => Promise<T>, what: string): Promise<T> {
    const { askKnownSecret } = await import('./questions/ask.js');
    for (let attempt = 1; ; attempt += 1) {
      // The work that needs it has begun: its progress stands where the question comes.
      this.#given.terminal.endProgress();
      const passphrase = await askKnownSecret(`The ${what}`);
      try {
        return await this.#remember(use, passphrase);
      } catch (error) {
        if (!isAbout(error, 'passphrase-wrong') || attempt === triesMax) throw error;
        this.#given.terminal.say(`${error.message}: ${triesMax - attempt} more`);
      }
    }
  }
}

/** A new passphrase, typed twice; empty for none. @throws WizardError `cancelled` */
export async function askNew(message: string): Promise<string> {
  const [{ askSecret }, { passphraseReasons }] = await Promise.all([import('./questions/ask.js'), import('#pki')]);
  return askSecret(message, (value) => {
    const reasons = passphraseReasons(value);
    return reasons.length === 0 ? undefined : { what: reasons.join('; ') };
  });
}

/** A new passphrase that is not typed: of a file descriptor or QUORATE_CA_NEW_PASSPHRASE. @throws WizardError `usage` */
export async function newPassphraseOf(
  descriptor: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const passphrase =
    (await readDescriptor('--new-passphrase-fd', descriptor)) ?? (environment[newPassphraseVariable] || undefined);
  const { passphraseReasons } = await import('#pki');
  const reasons = passphrase === undefined ? [] : passphraseReasons(passphrase);
  if (reasons.length > 0) throw new WizardError('usage', reasons.join('; '));
  return passphrase;
}
