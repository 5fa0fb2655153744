import { generatePassword } from './apply/passwords.js';
import { WizardError } from './errors.js';
import { readDescriptor } from './passphrase-descriptor.js';
import type { Objection } from './plan/complaints.js';
import type { Terminal } from './terminal.js';

// A password that a person or a script gives for one run: by prompt, file descriptor or environment variable. Never as an
// argument, which every user of the machine can read.

/** Where it comes from; asked for when none of them is set. */
export interface SecretInput {
  /** What it is for: `password of app.p12`. */
  readonly what: string;
  /** As it was typed: an open file descriptor; its first line is read. */
  readonly descriptor: string | undefined;
  /** A variable's name. */
  readonly variable: string | undefined;
  /** Make one up, and show it once. */
  readonly generate: boolean;
  /** It is there already: asked for once, and never made up. */
  readonly known?: boolean;
  /** For messages: `--password`, from which `--password-fd` and `--password-env` follow. */
  readonly flag: string;
  objection(secret: string): Objection | undefined;
}

/**
 * The secret itself. Whoever types it does so twice; Enter alone makes one up, which is shown once on stderr.
 * @throws WizardError `usage` where nobody can be asked, `answer-refused`, `cancelled`
 */
export async function readSecret(input: SecretInput, terminal: Terminal): Promise<string> {
  const given = await givenSecret(input, terminal);
  if (given !== '' || input.known === true) return checked(given, input);
  const made = generatePassword();
  terminal.say(`${input.what}: ${made}\nit is shown this once, and kept nowhere: note it now`);
  return made;
}

/** Empty: one is to be made up. */
async function givenSecret(input: SecretInput, terminal: Terminal): Promise<string> {
  const { what, descriptor, variable, generate, flag, objection } = input;
  const ways = [descriptor !== undefined, variable !== undefined, generate].filter(Boolean).length;
  if (ways > 1) throw usage(`the ${what} is given in ${ways} ways`, 'one of them is enough');
  if (generate) return '';
  const read = await readDescriptor(`${flag}-fd`, descriptor, 'password');
  if (read !== undefined) return read;
  if (variable !== undefined) return present(process.env[variable] ?? '', variable, what);
  if (terminal.interactive && input.known === true) {
    const { askKnownSecret } = await import('./questions/ask.js');
    return askKnownSecret(`The ${what}`);
  }
  if (terminal.interactive) {
    const { askSecret } = await import('./questions/ask.js');
    return askSecret(`The ${what} (Enter makes one up)`, objection);
  }
  const made = input.known === true ? '' : `, or --generate${flag.slice(1)}`;
  throw usage(`nobody can be asked for the ${what}`, `${flag}-env NAME, ${flag}-fd N${made}`);
}

/** Empty by mistake, an unset variable's say, is no wish for a generated one. */
function present(secret: string, variable: string, what: string): string {
  if (secret !== '') return secret;
  const hint = 'set it, and run the same again';
  throw new WizardError('answer-refused', `the variable ${variable} holds no ${what}: it is empty`, {}, { hint });
}

function checked(secret: string, { what, objection }: SecretInput): string {
  const found = objection(secret);
  if (found === undefined) return secret;
  throw new WizardError('answer-refused', found.what, { what }, found.hint === undefined ? {} : { hint: found.hint });
}

const usage = (message: string, hint: string): WizardError => new WizardError('usage', message, {}, { hint });
