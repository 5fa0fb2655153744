import { Decrypter, Encrypter } from 'age-encryption';
import * as z from 'zod';
import { WizardError } from '../errors.js';
import { userNameRule } from '../plan/rules.js';

// A kit in one file, under a passphrase: an age file, which age -d opens, too; in it JSON with the files' texts.

/** The passphrase is made up and long: what makes guessing slow need not be. */
const workFactor = 14;
const bytesMax = 1024 * 1024;

const textBytesMax = 64 * 1024;

/** Both the name and the files' become paths on somebody else's machine: a user's name, and a kit's files and no others. */
const shape = z
  .strictObject({
    kit: z.literal(1),
    name: z.string().refine((name) => userNameRule(name) === undefined),
    files: z.record(z.string(), z.string().max(textBytesMax)),
  })
  .refine(({ name, files }) => {
    const known = ['ca.crt', 'README.md', ...['crt', 'key', 'env', 'password'].map((end) => `${name}.${end}`)];
    return Object.keys(files).every((file) => known.includes(file));
  });

export type KitArchive = z.infer<typeof shape>;

export async function packKit(archive: KitArchive, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(workFactor);
  encrypter.setPassphrase(passphrase);
  return encrypter.encrypt(JSON.stringify(shape.parse(archive)));
}

/** @throws WizardError `answer-refused` for another passphrase, `files-refused` for what is no kit */
export async function unpackKit(bytes: Uint8Array, passphrase: string, where: string): Promise<KitArchive> {
  if (bytes.length > bytesMax || !Buffer.from(bytes.subarray(0, 21)).equals(Buffer.from('age-encryption.org/v1')))
    throw noArchive(where);
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let text: string;
  try {
    text = await decrypter.decrypt(bytes, 'text');
  } catch (cause) {
    const hint = 'it was shown once, to whoever made the kit; with another one nothing opens it: have it made again';
    throw new WizardError(
      'answer-refused',
      `${where} does not open with this passphrase, or is damaged`,
      { where },
      { hint, cause },
    );
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw noArchive(where, cause);
  }
}

const noArchive = (where: string, cause?: unknown): WizardError =>
  new WizardError('files-refused', `${where} is no kit that quorate user add --pack made`, { where }, { cause });
