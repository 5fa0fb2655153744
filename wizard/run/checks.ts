import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { authorityFiles, type Finding, inspectKeyPair } from '#pki';
import { shellArgument } from '#templates';
import { WizardError } from '../errors.js';
import { kitFiles, memberFiles, memberFolder, pkiFolder } from '../layout.js';
import { type Member, type Plan, root } from '../plan/plan.js';
import { portObjection, probePort } from '../questions/ports.js';

// What can be known to go wrong before a member is started, said then: a member could only end, or be refused by its peers.

/** @throws WizardError `not-local` */
export function checkLocal({ cluster }: Plan, dir: string): void {
  if (cluster.run === 'local') return;
  const what = `the plan's members run as ${cluster.run} on hosts of their own, not here`;
  const hint = `copy ${join(dir, 'members', 'NAME')}/ onto each host as it is and start them there; then: quorate bootstrap`;
  throw new WizardError('not-local', what, {}, { hint });
}

interface Pair {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

function pairsOf({ members }: Plan): readonly Pair[] {
  const ofMembers = members.flatMap(({ name }) => {
    const at = (file: string): string => join(memberFolder(name), file);
    const ca = at(memberFiles.ca);
    return [
      { ca, certificate: at(memberFiles.serverCertificate), key: at(memberFiles.serverKey) },
      { ca, certificate: at(memberFiles.peerCertificate), key: at(memberFiles.peerKey) },
    ];
  });
  const [server] = ofMembers;
  const kit = kitFiles(root);
  // Root and the members have to know each other's authority, not only their own.
  return [...ofMembers, { ...kit, ca: server?.ca ?? kit.ca }, { ...(server ?? kit), ca: kit.ca }];
}

const faultsOf = async (pair: Pair, dir: string, now: Date): Promise<readonly Finding[]> => {
  const [ca, certificate, key] = [join(dir, pair.ca), join(dir, pair.certificate), join(dir, pair.key)];
  const findings = await inspectKeyPair({ ca, certificate, key, now });
  return findings.filter(({ severity }) => severity === 'error');
};

/** What no second run of apply mends has advice of its own. */
const beyondApply = new Set<Finding['code']>(['authority-expired', 'not-yet-valid', 'key-unreadable']);

const faultText = ({ path, message }: Finding): string => (message.includes(path) ? message : `${path}: ${message}`);

/**
 * Every certificate that starting and bootstrapping takes: there, whole, of one authority, and valid now.
 * @throws WizardError `files-refused` with everything that is wrong
 */
export async function checkFiles(plan: Plan, dir: string, now: Date): Promise<void> {
  const found = (await Promise.all(pairsOf(plan).map((pair) => faultsOf(pair, dir, now)))).flat();
  const faults = [...new Map(found.map((fault) => [faultText(fault), fault])).values()];
  const [first] = faults;
  if (first !== undefined) {
    const what = faults.map(faultText).join('\n  ');
    const own = faults.find(({ code }) => beyondApply.has(code))?.hint;
    throw new WizardError(
      'files-refused',
      faults.length === 1 ? what : `${faults.length} faults:\n  ${what}`,
      { faults },
      {
        hint: own ?? applyHint(dir),
      },
    );
  }
  if (plan.cluster.engine === 'included') await checkAccessFiles(plan, dir);
}

async function checkAccessFiles({ members }: Plan, dir: string): Promise<void> {
  for (const { name } of members) {
    const path = join(dir, memberFolder(name), memberFiles.access);
    await access(path).catch((cause: Error) => {
      throw new WizardError(
        'files-refused',
        `${path}, what ${name} begins with, is not there`,
        { path },
        { cause, hint: applyHint(dir) },
      );
    });
  }
}

const applyHint = (dir: string): string => {
  const authority = join(dir, pkiFolder, authorityFiles.certificate);
  return `quorate apply --dir ${shellArgument(dir)} makes what is missing and renews what ended, with the authority in ${authority}`;
};

/** @throws WizardError `port-in-use` with every port that is not to be had, and who holds it where that can be seen */
export async function checkPorts(members: readonly Member[]): Promise<void> {
  const found = await Promise.all(
    members.map(async (member) => ({ name: member.name, objection: await portObjection(member, probePort) })),
  );
  const objections = found.flatMap(({ name, objection }) => (objection === undefined ? [] : [{ name, ...objection }]));
  const [first] = objections;
  if (first === undefined) return;
  const what = objections.map(({ name, what }) => `member ${name}: ${what}`).join('; ');
  throw new WizardError('port-in-use', what, {}, first.hint === undefined ? {} : { hint: first.hint });
}
