// @peculiar/x509 with @peculiar/webcrypto under it, loaded in the signing thread only. The bin has their 216 files in one
// (esbuild.config.mjs).

// First: the dependency injection of @peculiar/x509 looks for it as it loads.
import 'reflect-metadata';
import { Crypto } from '@peculiar/webcrypto';
import * as x509 from '@peculiar/x509';

export const crypto = new Crypto();
x509.cryptoProvider.set(crypto);

export { x509 };
