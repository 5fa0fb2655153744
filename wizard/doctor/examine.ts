import { join } from 'node:path';
import { ClusterError, type EtcdClient, within } from '#cluster';
import {
  type ClientFilePaths,
  type Finding,
  inspectCertificate,
  isTaken,
  openLedger,
  PkiError,
  readTextIfPresent,
} from '#pki';
import { readAccess } from '../access/live.js';
import { mapAtOnce } from '../at-once.js';
import { parseEndpoints, planEndpoints } from '../certificates/verify/targets.js';
import { type ServedOptions, verifyDir, verifyServed, withRegister } from '../certificates/verify/whole.js';
import { WizardError } from '../errors.js';
import { kitFiles, pkiFolder } from '../layout.js';
import { type Plan, root } from '../plan/plan.js';
import { isDown } from '../rotation/members.js';
import { servesKubernetes } from '../run/api-server.js';
import { connectAsRoot } from '../run/cluster-client.js';
import { hintOf, isOfAccess } from '../store-hints.js';
import { authTroubles, bearerTroubles, planTroubles } from './access.js';
import { type Diagnosis, error, fromVerified, note, sorted, warning } from './diagnosis.js';
import { authorityTroubles, driftTroubles, portTroubles, roomTroubles, unitTroubles } from './files.js';
import { hashTroubles, membershipTroubles, seeMembers, statusTroubles } from './members.js';
import { diskTroubles, quotaTroubles, scrape, type Tls } from './metrics.js';

const patienceMs = 4_000;

export interface Surroundings {
  /** Absolute. */
  readonly dir: string;
  /** ` --dir DIR` where it is needed. */
  readonly flag: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

/** A cluster that is in no plan here. */
export interface Foreign {
  readonly client: EtcdClient;
  readonly tls: Tls;
  /** Where that was read. */
  readonly paths: ClientFilePaths;
}

/** DIR, its certificates, this machine, and the cluster if it runs. @throws WizardError · PkiError what can't be looked at */
export async function examinePlan(plan: Plan, around: Surroundings): Promise<readonly Diagnosis[]> {
  const { dir, flag, now } = around;
  const begun = await isTaken(join(dir, pkiFolder));
  const drift = await asFarAsReadable(() => driftTroubles(plan, dir, flag, now()));
  if (!begun) return sorted(drift);
  const found = await asFarAsReadable(() => inspectOwn(plan, around));
  const host = await Promise.all([
    portTroubles(plan, dir),
    roomTroubles(dir),
    unitTroubles(plan, dir),
    authorityTroubles(plan, dir),
  ]);
  return sorted([...drift, ...found, ...host.flat()]);
}

/** Certificates in DIR, as they are served, and the cluster if it runs. */
function inspectOwn(plan: Plan, around: Surroundings): Promise<Diagnosis[]> {
  const { dir, flag, now } = around;
  return withRegister(dir, around.note, async (register) => {
    const files = verifyDir(plan, register, { dir, flag, now: now() });
    const down = (await isDown(plan, dir)) || !(await isTaken(join(dir, kitFiles(root).certificate)));
    const served = down ? [] : verifyServed(planEndpoints(plan), { ...servedOptions(around), plan, register });
    const live = down
      ? [note('store-unreachable', 'the cluster', 'no member of it runs here', `quorate up${flag}`)]
      : examineOwn(plan, around);
    const [ofFiles, ofServed, ofLive] = await Promise.all([files, served, live]);
    return [...fromVerified(ofFiles).map(mendable), ...fromVerified(ofServed), ...ofLive];
  });
}

/** What keeps everything else from being looked at is what is wrong. */
async function asFarAsReadable(look: () => Promise<Diagnosis[]>): Promise<Diagnosis[]> {
  try {
    return await look();
  } catch (cause) {
    if (!(cause instanceof PkiError || (cause instanceof WizardError && cause.code !== 'cancelled'))) throw cause;
    return [error('authority-unreadable', 'DIR', cause.message, cause.hint)];
  }
}

/** Of a plan's own files: what apply makes anew, and the modes that it sets. */
const mendable = (found: Diagnosis): Diagnosis =>
  found.code === 'key-exposed' || found.next?.startsWith('quorate apply') ? { ...found, mendedByApply: true } : found;

const servedOptions = ({ dir, flag, now, signal }: Surroundings): Omit<ServedOptions, 'plan' | 'register'> => ({
  ...{ dir, flag, now, signal },
  ...{ ca: undefined, crl: undefined, credentials: undefined },
});

async function examineOwn(plan: Plan, around: Surroundings): Promise<Diagnosis[]> {
  const { dir, now } = around;
  const files = kitFiles(root);
  const read = async (path: string): Promise<string> => (await readTextIfPresent(join(dir, path))) ?? '';
  const client = await connectAsRoot(plan, dir);
  try {
    const tls = { ca: await read(files.ca), cert: await read(files.certificate), key: await read(files.key) };
    return await examineLive(client, tls, plan, around, async (access) => {
      const ledger = await openLedger(join(dir, pkiFolder));
      try {
        return [...planTroubles(access, plan), ...bearerTroubles(access, ledger, now())];
      } finally {
        await ledger.close();
      }
    });
  } finally {
    client.close();
  }
}

/** Any cluster that speaks etcd's v3 API. */
export async function examineForeign(
  { client, tls, paths }: Foreign,
  around: Surroundings,
): Promise<readonly Diagnosis[]> {
  const { cert, key } = tls;
  const caPath = paths.ca;
  const withTls = client.endpoints.filter((url) => url.startsWith('https:'));
  const plain = client.endpoints.filter((url) => !withTls.includes(url));
  const served =
    caPath === undefined || withTls.length === 0
      ? []
      : verifyServed(parseEndpoints(withTls.join(',')), {
          ...servedOptions(around),
          ...{ plan: undefined, register: undefined, ca: caPath },
          credentials: cert === undefined || key === undefined ? undefined : { cert, key },
        });
  const live = examineLive(client, tls, undefined, around, async () => []);
  const [ofServed, ofLive, ofCaller] = await Promise.all([served, live, callerTroubles(paths, around.now())]);
  const unseen = caPath === undefined ? withTls.map(notSeen) : [];
  return sorted([...plain.map(withoutTls), ...unseen, ...ofCaller, ...fromVerified(ofServed), ...ofLive]);
}

/** Who asks for members' faults may be refused for one of theirs. */
async function callerTroubles({ certificate, key, ca }: ClientFilePaths, now: Date): Promise<Diagnosis[]> {
  if (certificate === undefined || ca === undefined) return [];
  const findings = await inspectCertificate({ certificate, key, ca, use: 'client', now });
  // Members may trust another authority than their own certificates are of.
  const isOfAnother = ({ code }: Finding): boolean => code === 'wrong-authority' || code === 'chain-incomplete';
  const judged = findings.map((each) => (isOfAnother(each) ? { ...each, severity: 'warning' as const } : each));
  return fromVerified([{ title: 'the certificate that you sign in with', where: certificate, findings: judged }]);
}

const notSeen = (endpoint: string): Diagnosis =>
  note(
    'certificates-unseen',
    endpoint,
    'its certificates were not looked at',
    '--cacert with the authority of its members',
  );

const withoutTls = (endpoint: string): Diagnosis =>
  error(
    'without-tls',
    endpoint,
    'it is asked without TLS',
    'certificates for its members: quorate init; then https://',
  );

type OfAccess = (access: Awaited<ReturnType<typeof readAccess>>) => Promise<Diagnosis[]>;

async function examineLive(
  client: EtcdClient,
  tls: Tls,
  plan: Plan | undefined,
  around: Surroundings,
  ofAccess: OfAccess,
): Promise<Diagnosis[]> {
  const { seen, found } = await within(patienceMs, around.signal, async (late) => {
    const { seen, silent } = await seeMembers(client, late);
    around.signal.throwIfAborted();
    // Of a plan's members the handshakes say it.
    const found = [...(plan === undefined ? silent : []), ...statusTroubles(seen)];
    const members = asFarAsTold(around.signal, late, async () => {
      const usesTls = tls.ca !== undefined || tls.cert !== undefined;
      const listed = await client.memberList({ signal: late });
      return membershipTroubles(listed, seen, plan, usesTls, client.endpoints.length);
    });
    const access = asFarAsTold(around.signal, late, async () => {
      const { enabled } = await client.auth.status({ signal: late });
      const isKubernetes = !enabled && (await servesKubernetes(client, late));
      return [...authTroubles(enabled, plan, isKubernetes), ...(await ofAccess(await readAccess(client, late)))];
    });
    return { seen, found: [...found, ...(await Promise.all([members, access])).flat()] };
  });
  const hashes = await hashTroubles(client, seen, around.signal);
  const figures = await mapAtOnce(seen, async (each) => {
    const told = await scrape(each.endpoint, tls, around.signal);
    return told === undefined
      ? [notTold(each.endpoint)]
      : [...diskTroubles(each.endpoint, told), ...quotaTroubles(each, told)];
  });
  return [...found, ...hashes, ...figures.flat()];
}

const notTold = (endpoint: string): Diagnosis =>
  note('figures-unread', endpoint, 'it does not show its figures', `see what ${endpoint}/metrics answers`);

/** What a cluster does not tell is said once, and the rest is looked at all the same. @param late aborted when it had its time */
async function asFarAsTold(
  signal: AbortSignal,
  late: AbortSignal,
  look: () => Promise<Diagnosis[]>,
): Promise<Diagnosis[]> {
  try {
    return await look();
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof ClusterError)) throw cause;
    if (isOfAccess(cause)) return [warning('not-let-in', 'the cluster', cause.message, hintOf(cause))];
    const what = late.aborted ? `it does not answer within ${patienceMs / 1000} s` : cause.message;
    const next = hintOf(cause) ?? 'quorate status, and the logs of its members';
    return [error('store-unreachable', 'the cluster', what, next)];
  }
}
