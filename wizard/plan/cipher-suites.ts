import { type Finding, type Objection, refused } from './complaints.js';
import type { PlanParts } from './parts.js';
import type { CipherSuite, KeyType } from './plan.js';

// Which cipher suites go with which keys, and with etcd.

const kindOf = (keyType: KeyType): 'RSA' | 'ECDSA' => (keyType.startsWith('rsa') ? 'RSA' : 'ECDSA');
const works = (suite: CipherSuite, keyType: KeyType): boolean => suite.startsWith(`TLS_ECDHE_${kindOf(keyType)}_`);

/** A suite is for one kind of key: with none for a member's, nobody gets in but those who speak TLS 1.3. */
function pairObjection(suites: readonly CipherSuite[], keyType: KeyType): Objection | undefined {
  if (suites.some((suite) => works(suite, keyType))) return undefined;
  const hint = `add TLS_ECDHE_${kindOf(keyType)}_WITH_AES_128_GCM_SHA256 to cluster.cipherSuites, or choose another keyType`;
  return { what: `none of the cipher suites works with a key of type ${keyType}`, hint };
}

export function cipherPairs({ suites, pki, members }: PlanParts): Finding[] {
  if (suites === undefined || suites.length === 0) return [];
  const findings: Finding[] = [];
  if (!suites.some((suite) => suite.endsWith('_AES_128_GCM_SHA256'))) {
    const what = 'none is with AES_128_GCM_SHA256, which HTTP/2 asks for: etcd does not start';
    const hint = 'add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, or the one with RSA';
    findings.push(refused(['cluster', 'cipherSuites'], { what, hint }));
  }
  const inherits = members.some(({ value }) => value.keyType === undefined);
  const shared = pki === undefined || !inherits ? undefined : pairObjection(suites, pki.keyType);
  if (shared !== undefined) findings.push(refused(['pki', 'keyType'], shared));
  for (const { path, value } of members) {
    const own = value.keyType === undefined ? undefined : pairObjection(suites, value.keyType);
    if (own !== undefined) findings.push(refused([...path, 'keyType'], own));
  }
  return findings;
}
