// Run by ledger.test.ts as a process that is killed: issues until there is no end, four at once, and prints each serial once the
// certificate could be handed out; or N, one after the other, and prints what stopped it.
import { type Authority, openAuthority, PkiError } from '#pki';

const [folder = '', count = ''] = process.argv.slice(2);
const now = new Date('2030-06-15T12:00:00Z');

async function issueAll(authority: Authority): Promise<void> {
  for (let left = Number(count || Number.POSITIVE_INFINITY); left > 0; left -= 1) {
    const request = { profile: 'client', commonName: 'app', names: [], days: 1, keyType: 'ecdsa-p256', now } as const;
    const { serial } = await authority.issue(request);
    process.stdout.write(`${serial}\n`);
  }
}

try {
  const authority = await openAuthority(folder);
  await Promise.all(Array.from({ length: count === '' ? 4 : 1 }, () => issueAll(authority)));
  await authority.close();
} catch (error) {
  if (!(error instanceof PkiError)) throw error;
  process.stdout.write(`${error.code}: ${error.message} (${error.hint})\n`);
}
