// @peculiar/x509 with @peculiar/webcrypto under it, loaded once and only by what signs: authority.ts imports those files when
// there is something to sign. require(), because import() takes twice as long for their 216 CommonJS files: it reads each
// for its export names first (measured on Node 20: 380 against 150 ms of CPU, 245 against 130 ms on the clock).
import { createRequire } from 'node:module';
import type * as Webcrypto from '@peculiar/webcrypto';
import type * as X509 from '@peculiar/x509';

const require = createRequire(import.meta.url);

// First: the dependency injection of @peculiar/x509 looks for it as it loads.
require('reflect-metadata');
const { Crypto }: typeof Webcrypto = require('@peculiar/webcrypto');

export const x509: typeof X509 = require('@peculiar/x509');
export const crypto = new Crypto();
x509.cryptoProvider.set(crypto);
