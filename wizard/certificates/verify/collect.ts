import { readdir } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { isFolder, readCertificates } from '#pki';
import { mapAtOnce } from '../../at-once.js';
import type { Given } from '../../commands/command.js';
import { sourceAt } from '../export/source.js';
import type { Subject } from './subject.js';

// Paths on the command line -> what is verified.

const certificateFile = /\.(crt|pem|cer|der)$/i;
const listFile = /\.crl(\.der|\.pem)?$/i;

/** Whether a file holds authorities alone. */
const isOfAuthorities = async (path: string): Promise<boolean> =>
  (await readCertificates(path).catch(() => undefined))?.every(({ isAuthority }) => isAuthority) === true;

export interface Collected {
  readonly subjects: readonly Subject[];
  readonly authorities: readonly string[];
  readonly lists: readonly string[];
}

/** Files as they were named; of folders the certificates and lists in them. What the plan knows is taken from there. */
export async function collect(
  paths: readonly string[],
  known: readonly Subject[],
  dir: string,
  given: Given,
): Promise<Collected> {
  const files = (await mapAtOnce(paths, filesOf)).flat();
  const lists = files.filter((path) => listFile.test(path));
  const rest = files.filter((path) => !lists.includes(path));
  const above = await mapAtOnce(rest, isOfAuthorities);
  const authorities = rest.filter((_, index) => above[index]);
  const certificates = rest.filter((path) => !authorities.includes(path));
  const subjects = await mapAtOnce(
    certificates,
    async (path) => known.find((each) => each.certificate === path) ?? subjectAt(path, dir, given),
  );
  return { subjects, authorities, lists };
}

async function filesOf(path: string): Promise<string[]> {
  const absolute = resolve(path);
  if (!(await isFolder(absolute))) return [absolute];
  const entries = await readdir(absolute, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && (certificateFile.test(entry.name) || listFile.test(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\.key\.pem$/.test(file))
    .sort();
}

async function subjectAt(path: string, dir: string, given: Given): Promise<Subject> {
  const { name, paths } = await sourceAt(path, dir, given);
  return { ...paths, title: `the certificate ${name}${extname(path)}`, maker: 'somebody' };
}
