import {
  type CustomProfile,
  type Issued,
  type KeyType,
  leafProfiles,
  type ProfileChoice,
  profileName,
  profileOf,
} from '#pki';
import { generateKey, keyToPem } from '../../pki/keys.js';
import type { Bench } from './setting.js';

/** What a plan may declare, of both kinds that are not built in. */
export const declared: readonly CustomProfile[] = [
  {
    ...{ name: 'web', extendedUsages: ['serverAuth'], nameKinds: ['dns', 'ip'], namesRequired: true },
    ...{ commonName: 'required', organization: 'demo', daysDefault: 7, daysMax: 30 },
  },
  {
    ...{ name: 'batch', extendedUsages: ['clientAuth'], nameKinds: ['uri'], namesRequired: false },
    ...{ commonName: 'required', daysDefault: 1, daysMax: 1 },
  },
];

export const everyProfile: readonly ProfileChoice[] = [...leafProfiles, ...declared];

export interface Specimen {
  readonly name: string;
  readonly issued: Issued;
  /** What it is good for. */
  readonly asServer: boolean;
  readonly asClient: boolean;
}

const keys = new Map<KeyType, Promise<string>>();

/** One key a type for a whole run: an RSA key takes a while. */
function keyPemOf(keyType: KeyType): Promise<string> {
  const keyPem = keys.get(keyType) ?? generateKey(keyType).then(keyToPem);
  keys.set(keyType, keyPem);
  return keyPem;
}

/** A certificate of every profile, with a key of this type. Those with names are for 127.0.0.1. */
export async function specimens({ authority }: Bench, keyType: KeyType, now: Date): Promise<Specimen[]> {
  const keyPem = await keyPemOf(keyType);
  return Promise.all(
    everyProfile.map(async (profile): Promise<Specimen> => {
      const { commonName, commonNameDefault = 'm1', namesRequired, extendedUsages, daysDefault } = profileOf(profile);
      const issued = await authority.issue({
        profile,
        commonName: commonName === 'absent' ? '' : commonNameDefault,
        names: namesRequired ? ['127.0.0.1', 'localhost'] : [],
        days: daysDefault,
        keyType,
        keyPem,
        now,
      });
      return {
        name: profileName(profile),
        issued,
        asServer: extendedUsages.includes('serverAuth'),
        asClient: extendedUsages.includes('clientAuth'),
      };
    }),
  );
}
