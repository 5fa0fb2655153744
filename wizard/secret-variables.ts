/** Variables that hold a secret: read once, and handed on to no other process. */
export const passphraseVariable = 'QUORATE_CA_PASSPHRASE';
export const newPassphraseVariable = 'QUORATE_CA_NEW_PASSPHRASE';

/** Of the user that signs in to a store with `--user`. */
export const passwordVariable = 'QUORATE_PASSWORD';

export const secretVariables: readonly string[] = [passphraseVariable, newPassphraseVariable, passwordVariable];
