import type { Passwords } from '../auth/passwords.js';
import { ClusterError } from '../errors.js';

interface Given {
  readonly password: string;
  /** Base64 of a bcrypt hash, from clients that hash themselves (etcd 3.5). */
  readonly hashedPassword: string;
}

const bcryptHash = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/**
 * What is kept instead of the password. Decided here: the log must not hold it in clear, and apply draws no salts.
 * @throws ClusterError invalid-argument, too-many-requests
 */
export async function passwordHashOf(passwords: Passwords, { password, hashedPassword }: Given): Promise<string> {
  // An empty password is one, as in etcd: clients from before no_password add those who sign in with certificates so.
  if (password !== '' || hashedPassword === '') return passwords.hash(password);
  const hash = Buffer.from(hashedPassword, 'base64').toString('latin1');
  if (bcryptHash.test(hash)) return hash;
  throw new ClusterError('invalid-argument', 'the hashed password is not the base64 form of a bcrypt hash');
}
