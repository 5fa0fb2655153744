import { type Command, jsonOption } from '../command.js';

// The commands of the group `cert` for an authority that is not made here.

const caImport: Command = {
  kind: 'parsed',
  name: 'cert ca-import',
  summary: 'take over an authority that is there already, with its key; everything against it is said at once',
  arguments: [
    ['<certificate>', 'its certificate; those that it is signed by may follow in the file'],
    ['<key>', 'its key, in PEM, under a passphrase or in clear; or pkcs11:… where it is on a token'],
  ],
  options: [
    { flags: '--root <file>', description: "for an intermediate: its root's certificate, and those between" },
    jsonOption,
  ],
  examples: [
    ['quorate cert ca-import ca.crt ca.key --dir demo', 'before quorate init or apply: they go on with it'],
    ['quorate cert ca-import issuing.crt issuing.key --root root.crt', 'an intermediate; the root is what is trusted'],
  ],
  load: async () => (await import('./ca-import.js')).caImport,
};

const caRequest: Command = {
  kind: 'parsed',
  name: 'cert ca-request',
  summary: 'make the key of an authority whose root is kept elsewhere, and the request that this root signs',
  options: [jsonOption],
  examples: [
    [
      'quorate cert ca-request',
      'writes DIR/pki/ca.csr, which quorate apply does as well for pki.authority: offline-root',
    ],
    [
      "printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n' >ext; openssl x509 -req -in ca.csr -CA root.crt -CAkey root.key -days 1825 -extfile ext -out ca.crt",
      'how openssl signs it, where the root is',
    ],
  ],
  load: async () => (await import('./ca-request.js')).caRequest,
};

const caInstall: Command = {
  kind: 'parsed',
  name: 'cert ca-install',
  summary: 'take back the certificate that the root has signed, for the request or to renew one that signs',
  arguments: [['<certificate>', 'the certificate; those between it and the root may follow in the file']],
  options: [{ flags: '--root <file>', description: "the root's certificate, and those between" }, jsonOption],
  examples: [
    ['quorate cert ca-install ca.crt --root root.crt', 'then quorate apply makes everything else'],
    [
      'quorate cert ca-install renewed.crt --root root.crt',
      'for the same key; apply presents it with every certificate',
    ],
  ],
  load: async () => (await import('./ca-install.js')).caInstall,
};

export const authorityCommands: readonly Command[] = [caImport, caRequest, caInstall];
