import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import type { WizardError } from '../../../wizard/errors.js';
import { parsePlan } from '../../../wizard/plan/parse.js';
import { cipherSuites, keyTypes } from '../../../wizard/plan/plan.js';
import { judge } from '../../judges.js';
import { plannedCluster } from '../run/cluster.js';

const ecdsa = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256';
const rsa = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256';

const complaintsOf = (suites: readonly string[], keyType: string, ofMember?: string): readonly string[] => {
  const members = [{ name: 'm1', host: '127.0.0.1', ...(ofMember === undefined ? {} : { keyType: ofMember }) }];
  const plan = { version: 1, cluster: { name: 'demo', cipherSuites: suites }, members, pki: { keyType } };
  try {
    parsePlan(plan, 'plan');
    return [];
  } catch (error) {
    return (error as WizardError).complaints.map(({ path, what }) => `${path.join('.')}: ${what}`);
  }
};

for (const keyType of keyTypes) {
  test(`a key of type ${keyType} goes with suites of its kind, and with no others`, (t) => {
    const [own, other] = keyType.startsWith('rsa') ? [rsa, ecdsa] : [ecdsa, rsa];
    const what = `none of the cipher suites works with a key of type ${keyType}`;
    t.deepEqual(complaintsOf([own], keyType), []);
    t.deepEqual(complaintsOf([rsa, ecdsa], keyType), []);
    t.deepEqual(complaintsOf([other], keyType), [`pki.keyType: ${what}`]);
    t.deepEqual(complaintsOf([other], 'rsa-2048', keyType), [`members.0.keyType: ${what}`]);
  });
}

test('suites without the one that HTTP/2 asks for, unknown ones and none are refused', (t) => {
  const [, larger = ''] = cipherSuites;
  t.regex(
    complaintsOf([larger], 'ed25519').join(),
    /^cluster\.cipherSuites: none is with AES_128_GCM_SHA256.*etcd does/,
  );
  t.regex(complaintsOf(['TLS_RSA_WITH_RC4_128_SHA'], 'rsa-2048').join(), /^cluster\.cipherSuites\.0: can't be/);
  t.regex(complaintsOf([], 'rsa-2048').join(), /^cluster\.cipherSuites: must have at least one/);
});

for (const engine of ['included', 'etcd'] as const) {
  judge('etcd', 'openssl').test(
    `members of ${engine} speak TLS 1.2 with the suites of the plan, and with no others`,
    async (t) => {
      const cluster = await plannedCluster(t, { engine });
      const suites = cipherSuites.filter((suite) => suite.includes('ECDSA') && !suite.includes('256_GCM'));
      cluster.writePlan((text) =>
        text.replace(`engine: ${engine}`, `engine: ${engine}, cipherSuites: [${suites.join()}]`),
      );
      const up = await cluster.run(['up', '-d']);
      const made = up.code === 0 ? up : await cluster.run(['apply']).then(() => cluster.run(['up', '-d']));
      t.is(made.code, 0, made.stderr);
      const agreed = (cipher: string): string => {
        const files = ['-CAfile', 'ca.crt', '-cert', 'app.crt', '-key', 'app.key'];
        const flags = [
          's_client',
          '-connect',
          `127.0.0.1:${cluster.members[0]?.clientPort}`,
          '-tls1_2',
          '-cipher',
          cipher,
        ];
        const options = { cwd: cluster.at(join('users', 'app')), input: '', encoding: 'utf8' } as const;
        try {
          return execFileSync('openssl', [...flags, ...files], { ...options, stdio: ['pipe', 'pipe', 'ignore'] });
        } catch (error) {
          return String((error as { stdout?: string }).stdout);
        }
      };
      t.regex(agreed('ECDHE-ECDSA-AES128-GCM-SHA256'), /Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/);
      t.regex(agreed('ECDHE-ECDSA-CHACHA20-POLY1305'), /Cipher is ECDHE-ECDSA-CHACHA20-POLY1305/);
      t.regex(agreed('ECDHE-ECDSA-AES256-GCM-SHA384'), /Cipher is \(NONE\)/);
    },
  );
}
