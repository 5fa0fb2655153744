import { join } from 'node:path';
import { readTrust } from '#pki';
import { oldPkiFolder, pkiFolder, revocationFile } from '../layout.js';
import { companionOf, stageOf } from './stage.js';

// What the stage of a rotation makes of the copies in members' trees and users' kits.

/** The roots that are trusted, in PEM, the one that signs first. @throws PkiError `authority-absent`, `authority-broken` */
export async function trustOf(dir: string): Promise<string> {
  const companion = await companionOf(dir);
  const folders = [pkiFolder, ...(companion === undefined ? [] : [companion])];
  return (await Promise.all(folders.map((folder) => readTrust(join(dir, folder))))).join('');
}

/**
 * The revocation list that members read. A copy holds one list, so while the old authority is trusted beside the one that signs it
 * is the old one's: what that revoked stays refused. Nothing new can be revoked then (`cert revoke` says so).
 */
export const revocationsOf = async (dir: string): Promise<string> =>
  join(dir, (await stageOf(dir)) === 'leaves-replaced' ? oldPkiFolder : pkiFolder, revocationFile);
