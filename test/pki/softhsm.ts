import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from '../judges.js';

// SoftHSM 2: a token in files, from Debian.

const modules = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'];
export const modulePath = modules.find((path) => existsSync(path)) ?? '/usr/lib/softhsm/libsofthsm2.so';

/** The package that speaks to tokens is native and optional: where it could not be built nothing of this is judged. */
const name = 'pkcs11js';
const built = await import(name).then(
  () => true,
  () => false,
);
export const softhsm = judge('softhsm2-util', 'openssl');
export const canSpeak = built;

export interface Token {
  readonly pin: string;
  /** For processes that are to find it. */
  readonly environment: { readonly SOFTHSM2_CONF: string };
  uri(object: string): string;
  /** Puts a key onto it that was made elsewhere. */
  load(keyPath: string, object: string, id: string): void;
}

/** A token of its own; this process finds it too if it has not spoken to one before. */
export function makeToken(): Token {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-token-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const conf = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(conf, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`);
  process.env.SOFTHSM2_CONF = conf;
  const pin = 'pin 4711';
  const util = (...args: string[]) => execFileSync('softhsm2-util', args, { stdio: 'pipe' });
  util('--init-token', '--free', '--label', 'my token', '--so-pin', '12345678', '--pin', pin);
  return {
    pin,
    environment: { SOFTHSM2_CONF: conf },
    uri: (object) => `pkcs11:token=my%20token;object=${object}?module-path=${modulePath}`,
    load: (path, object, id) =>
      util('--import', path, '--token', 'my token', '--label', object, '--id', id, '--pin', pin),
  };
}
