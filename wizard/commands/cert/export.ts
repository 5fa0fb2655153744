import { resolve } from 'node:path';
import { isFolder, pkcs12PasswordObjection, readBundle } from '#pki';
import {
  type ExportedFile,
  fullchainFile,
  isFolderFormat,
  pemFiles,
  pkcs12File,
  secretFile,
} from '../../certificates/export/formats.js';
import { kubeadmExport } from '../../certificates/export/kubeadm.js';
import { type ExportRequest, parseExport } from '../../certificates/export/request.js';
import { secretNames } from '../../certificates/export/secret-names.js';
import { isPath, sourceAt, sourceOf } from '../../certificates/export/source.js';
import { writeExport } from '../../certificates/export/write.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { readSecret } from '../../secret-input.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate cert export` */
export async function exportCertificate(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir } = context;
  const request = parseExport(given, terminal);
  const { what, format, force } = request;
  const files = await filesOf(context, request, given);
  if (request.out === '-') {
    for (const { content } of files) terminal.bytes(content);
    return exitCodes.done;
  }
  const single = !isFolderFormat(format);
  const paths = await writeExport(files, { out: await placeOf(request, files), single, force, dir });
  if (given.json === true) {
    terminal.json({ what, format, files: paths.map((path, at) => ({ path, secret: files[at]?.secret === true })) });
    return exitCodes.done;
  }
  for (const path of paths) terminal.result(path);
  const secret = files.some((file) => file.secret) ? '; the private key in it is for its owner only' : '';
  terminal.say(`exported ${what} as ${format}${secret}`);
  return exitCodes.done;
}

async function filesOf(context: Context, { what, format }: ExportRequest, given: Given): Promise<ExportedFile[]> {
  const { terminal, dir } = context;
  if (format === 'kubeadm') return kubeadmExport(what, await readPlan(context), context);
  const { name, paths } = isPath(what)
    ? await sourceAt(what, dir, given)
    : sourceOf(what, await readPlan(context), dir, given);
  // Before a person is asked for anything.
  const names = format === 'k8s-secret' ? secretNames(name, given) : undefined;
  const bundle = await readBundle(paths);
  if (format === 'pem') return pemFiles(bundle, name);
  if (format === 'fullchain') return [fullchainFile(bundle, name)];
  if (names !== undefined) return [secretFile(bundle, name, names)];
  return [await pkcs12File(bundle, name, () => readSecret(passwordInput(name, given), terminal))];
}

const textOf = (value: Given[string]): string | undefined => (typeof value === 'string' ? value : undefined);

const passwordInput = (name: string, given: Given) => ({
  what: `password of ${name}.p12`,
  descriptor: textOf(given.passwordFd),
  variable: textOf(given.passwordEnv),
  generate: given.generatePassword === true,
  flag: '--password',
  objection(password: string) {
    const what = pkcs12PasswordObjection(password);
    return what === undefined ? undefined : { what, hint: '--generate-password makes one up' };
  },
});

/** Where it goes: a folder for several files; for one a path, or a folder that is there, under its usual name. */
async function placeOf({ what, format, out }: ExportRequest, files: readonly ExportedFile[]): Promise<string> {
  const usual = files[0]?.name ?? what;
  if (isFolderFormat(format)) return resolve(out ?? (format === 'kubeadm' ? `${what}-pki` : '.'));
  if (out === undefined) return resolve(usual);
  return (await isFolder(out)) ? resolve(out, usual) : resolve(out);
}
