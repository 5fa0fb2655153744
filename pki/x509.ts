// @peculiar/x509 with @peculiar/webcrypto under it, loaded once and only by what signs: authority.ts imports those files when
// there is something to sign. The bin has their 216 files in one (esbuild.config.mjs).

// First: the dependency injection of @peculiar/x509 looks for it as it loads.
import 'reflect-metadata';
import { Crypto } from '@peculiar/webcrypto';
import * as x509 from '@peculiar/x509';

export const crypto = new Crypto();
x509.cryptoProvider.set(crypto);

export { x509 };
