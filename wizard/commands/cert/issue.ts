import { join, resolve } from 'node:path';
import { profileName } from '#pki';
import { openAuthorityOf } from '../../authority.js';
import { issueOne } from '../../certificates/issue-one.js';
import { parseSingleRequest } from '../../certificates/single-request.js';
import { issuedFolder } from '../../layout.js';
import { type ExitCode, exitCodes } from '../../report.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate cert issue` */
export async function issue(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, now } = context;
  const request = parseSingleRequest(given, await readPlan(context));
  const authority = await openAuthorityOf(context);
  const csrFile = typeof given.csr === 'string' ? given.csr : undefined;
  const folder =
    typeof given.out === 'string' ? resolve(given.out) : join(dir, issuedFolder(profileName(request.profile)));
  const issuing = issueOne({ authority, request, csrFile, folder, now: now() });
  const { certified, certificatePath, keyPath } = await issuing.finally(() => authority.close());
  for (const note of [...request.notes, ...certified.notes]) terminal.say(`note: ${note}`);
  const { serial, fingerprint, notBefore, notAfter } = certified;
  const profile = profileName(request.profile);
  const { commonName, fileName } = request;
  if (given.json === true) {
    const made = { profile, commonName, serial, fingerprint, notBefore, notAfter };
    terminal.json({ ...made, certificate: certificatePath, ...(keyPath === undefined ? {} : { key: keyPath }) });
    return exitCodes.done;
  }
  terminal.result(certificatePath);
  if (keyPath !== undefined) terminal.result(keyPath);
  terminal.say(
    `issued a ${profile} certificate for ${fileName}, serial ${serial}, valid until ${notAfter.toISOString()}`,
  );
  return exitCodes.done;
}
