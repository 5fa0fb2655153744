import type { LeaseInfo } from '#cluster';
import { keyOf } from '../../access/rights.js';
import { keyWords } from '../../access/words.js';
import { WizardError } from '../../errors.js';
import { root, usersOf } from '../../plan/plan.js';
import { userNameRule } from '../../plan/rules.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { leaseText, leaseWords } from '../../users/leases.js';
import { type Removal, removeUser, validCertificates, wasIssued } from '../../users/remove.js';
import { makeMatch } from '../apply.js';
import { deliveryLines } from '../cert/delivery-lines.js';
import type { Context, Given } from '../command.js';
import { readPlan } from '../plan-file.js';

/** `quorate user remove` */
export async function remove(context: Context, given: Given): Promise<ExitCode> {
  const { terminal, dir, passphrases, signal } = context;
  const now = context.now();
  const name = String(given.name);
  const plan = await readPlan(context);
  if (name === root) {
    const hint = 'quorate signs in as root; revoke single certificates with quorate cert revoke';
    throw new WizardError('usage', 'root is not removed: the cluster could not be opened any more', {}, { hint });
  }
  // It names a folder that is moved.
  const objection = userNameRule(name);
  if (objection !== undefined) throw new WizardError('usage', objection.what, { name });
  const isMember = plan.members.some((member) => member.name === name);
  const certificates = isMember ? [] : await validCertificates({ dir, name, now });
  const isDeclared = usersOf(plan).some((user) => user.name === name);
  if (!isDeclared && certificates.length === 0)
    terminal.say(`${name} is not in the plan and has no certificate: only the store is asked`);
  if (given.yes !== true) await confirmed(context, name, certificates.length);
  const progress = (text: string): void => terminal.progress(text);
  const removal = await removeUser({ dir, name, now, passphrases, signal, progress }, plan);
  await makeMatch(context, removal.plan);
  if (removal.store === 'not-there' && !isDeclared && !(await wasIssued({ dir, name, now }))) {
    const hint = 'quorate user list has those that are there';
    throw new WizardError(
      'no-such-user',
      `nobody is called ${name}: in the plan, the ledger or the store`,
      { name },
      { hint },
    );
  }
  const { revoked, store, watchesEnded, kit, leases, leasesUnseen } = removal;
  if (given.json === true)
    terminal.json({ name, revoked, store, watchesEnded, kit, leases: leases.map(leaseJson), leasesUnseen });
  else for (const line of lines(name, removal)) terminal.say(line);
  if (typeof store === 'string') return exitCodes.done;
  const hint = `quorate user remove ${name}, once the cluster runs: what is done already stays done`;
  throw new WizardError('not-running', `the store does not know of it yet: ${store.unreachable}`, { name }, { hint });
}

async function confirmed({ terminal }: Context, name: string, certificates: number): Promise<void> {
  if (!terminal.interactive) {
    const hint = '--yes removes them without asking';
    throw new WizardError('usage', 'a revocation is not taken back, and there is nobody to ask', {}, { hint });
  }
  const { confirmChange } = await import('../../questions/ask.js');
  const what =
    certificates === 0
      ? ''
      : `, and revoke ${certificates === 1 ? 'their certificate' : `${certificates} certificates`}`;
  if (await confirmChange(`Remove ${name}${what}? A revocation is not taken back.`)) return;
  throw new WizardError('cancelled', 'cancelled: nothing was changed', {}, {});
}

const removedWords = (name: string, watchesEnded: boolean): string =>
  watchesEnded
    ? `the store has no user ${name} any more: their tokens are dead, their watches end`
    : `the store has no user ${name} any more, and their tokens are dead; a watch that is open goes on until its connection ends: to end it now, restart etcd on all hosts, one after the other`;

const leaseJson = ({ id, ttlSeconds, keys }: LeaseInfo) => ({
  ...{ id: leaseText(id), ttlSeconds },
  keys: keys.map((key) => keyWords(keyOf(key))),
});

/** More than a person would end one by one. */
const leasesShown = 20;

function lines(
  name: string,
  { revoked, listed, delivered, store, watchesEnded, kit, leases, leasesUnseen, plan }: Removal,
): string[] {
  return [
    revoked.length === 0 ? 'no certificate was left to revoke' : `revoked ${revoked.join(', ')}`,
    ...deliveryLines(plan, listed, delivered),
    store === 'removed' ? removedWords(name, watchesEnded) : '',
    store === 'not-there' ? `the store had no user ${name}` : '',
    ...(leases.length === 0
      ? []
      : [
          `leases that hold keys which ${name} could write; nobody records whose they are, etcdctl lease revoke ID ends one:`,
          ...leases.slice(0, leasesShown).map((lease) => `  ${leaseWords(lease)}`),
          leases.length > leasesShown ? `  and ${leases.length - leasesShown} more: --json has them` : '',
        ]),
    leasesUnseen === 0 ? '' : `${leasesUnseen} more leases were not looked at: etcdctl lease list`,
    kit === undefined ? '' : `the kit is ${kit} now; it may be deleted`,
  ].filter((line) => line !== '');
}
