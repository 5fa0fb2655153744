import { readCertificates, readTextIfPresent } from '#pki';
import { WizardError } from '../../errors.js';
import { isLoopback } from '../../plan/address.js';
import type { Member, Plan } from '../../plan/plan.js';
import type { Credentials, Endpoint } from './handshake.js';
import { endpointText, type LiveTarget } from './live.js';
import { planSubjects, type Subject } from './subject.js';

// Endpoints on the command line, or of the plan -> what is expected there.

/** @throws WizardError `usage` with every endpoint that is none */
export function parseEndpoints(text: string): Endpoint[] {
  const parts = text.split(',').map((part) => part.trim());
  const read = parts.map(parseEndpoint);
  const wrong = parts.filter((_, index) => read[index] === undefined);
  if (wrong.length > 0) {
    const what = `--endpoint: ${wrong.map((part) => JSON.stringify(part)).join(', ')} is no HOST:PORT`;
    throw new WizardError('usage', what, { wrong }, { hint: '--endpoint 10.0.0.1:2379,[::1]:2379' });
  }
  return read.filter((endpoint) => endpoint !== undefined);
}

function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:https:\/\/)?(?:\[([\da-f:.]+)\]|([^:/[\]\s@]+)):(\d{1,5})\/?$/i.exec(text);
  const [, address, name, digits] = match ?? [];
  const [host, port] = [address ?? name, Number(digits)];
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** The client and the peer port of every member. */
export const planEndpoints = ({ members }: Plan): Endpoint[] =>
  members.flatMap(({ host, clientPort, peerPort }) => [
    { host, port: clientPort },
    { host, port: peerPort },
  ]);

function isOf(member: Member, { host, port }: Endpoint): 'server' | 'peer' | undefined {
  const local = isLoopback(member.host) || member.host === 'localhost';
  const here = isLoopback(host) || host === 'localhost';
  const known = [member.host, member.name, ...member.addresses].includes(host) || (local && here);
  if (!known) return undefined;
  return port === member.clientPort ? 'server' : port === member.peerPort ? 'peer' : undefined;
}

export interface TargetOptions {
  readonly plan: Plan | undefined;
  readonly dir: string;
  /** What to sign in with, instead of what the plan has for it. */
  readonly credentials: Credentials | undefined;
}

/** What the plan knows of an endpoint: a member's port, and what it should present there. */
export async function targetOf(endpoint: Endpoint, { plan, dir, credentials }: TargetOptions): Promise<LiveTarget> {
  const subjects = plan === undefined ? [] : planSubjects(plan, dir);
  const root = await credentialsOf(subjects.find(({ use }) => use === 'client'));
  for (const member of plan?.members ?? []) {
    const use = isOf(member, endpoint);
    const subject = subjects.find((each) => each.use === use && each.commonName === member.name);
    if (use === undefined || subject === undefined) continue;
    const own = use === 'peer' ? await credentialsOf(subject) : root;
    const { title, commonName = '', names = [], forbiddenDomain } = subject;
    return {
      ...{ endpoint, title, use, commonName, names, credentials: credentials ?? own, filed: await filedOf(subject) },
      ...(forbiddenDomain === undefined ? {} : { forbiddenDomain }),
    };
  }
  return { endpoint, title: `what answers at ${endpointText(endpoint)}`, credentials: credentials ?? root };
}

async function filedOf({ certificate }: Subject): Promise<LiveTarget['filed']> {
  const [leaf] = (await readCertificates(certificate).catch(() => undefined)) ?? [];
  return leaf === undefined ? undefined : { path: certificate, fingerprint: leaf.fingerprint };
}

async function credentialsOf(subject: Subject | undefined): Promise<Credentials | undefined> {
  if (subject?.key === undefined) return undefined;
  const [cert, key] = await Promise.all([subject.certificate, subject.key].map((path) => readTextIfPresent(path)));
  return cert === undefined || key === undefined ? undefined : { cert, key };
}
