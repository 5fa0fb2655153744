/** Extensions by the names that RFC 5280 has for them. */
export const extensionOids = {
  subjectDirectoryAttributes: '2.5.29.9',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  cRLNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCRLIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  cRLDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  freshestCRL: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  subjectInfoAccess: '1.3.6.1.5.5.7.1.11',
} as const;

export type ExtensionName = keyof typeof extensionOids;

const names = new Map<string, ExtensionName>(
  (Object.keys(extensionOids) as ExtensionName[]).map((name) => [extensionOids[name], name]),
);

/** The name, or the object identifier itself. */
export const extensionName = (oid: string): string => names.get(oid) ?? oid;
export const isKnownExtension = (oid: string): boolean => names.has(oid);

export const usageBits = [
  ...(['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment', 'keyAgreement'] as const),
  ...(['keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'] as const),
] as const;
export type UsageBit = (typeof usageBits)[number];

export const anyExtendedKeyUsage = '2.5.29.37.0';
export const serverAuth = '1.3.6.1.5.5.7.3.1';
