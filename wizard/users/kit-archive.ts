import { Decrypter, Encrypter } from 'age-encryption';
import * as z from 'zod';
import { WizardError } from '../errors.js';

// A kit in one file, under a passphrase: an age file, which age -d opens, too; in it JSON with the files' texts.

/** The passphrase is made up and long: what makes guessing slow need not be. */
const workFactor = 14;
const bytesMax = 1024 * 1024;

/** Names are a kit's and nothing else: no folders, nothing hidden. */
const fileName = z.string().regex(/^[\p{L}\p{N}_@+-][\p{L}\p{N}._@+-]{0,80}\.(crt|key|env|md|password)$/u);
const shape = z.strictObject({
  kit: z.literal(1),
  name: z.string().min(1).max(64),
  files: z.record(fileName, z.string().max(64 * 1024)).refine((files) => Object.keys(files).length <= 8),
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
