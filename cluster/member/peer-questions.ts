import { get } from 'node:http';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ClusterError } from '../errors.js';
import { type ClusterId, clusterId, type MemberId, memberId } from '../numbers.js';
import type { Member } from '../operations/members.js';
import { parseAddress } from '../transport/address.js';
import type { TlsMaterial } from '../transport/tls-material.js';
import type { LearnerReadiness } from './learner-readiness.js';
import { learnerPath, membersPath } from './peer-pages.js';

const timeoutMs = 5000;
const bytesMax = 4 << 20;

/** Asks a member at its peer URL. @throws ClusterError connection-failed with the reason */
async function ask(url: string, path: string, material: TlsMaterial | undefined): Promise<unknown> {
  try {
    return JSON.parse(await text(new URL(path, url), material));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClusterError('connection-failed', `${url} does not say: ${reason}`, { url }, { cause });
  }
}

function text(url: URL, material: TlsMaterial | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const { pathname: path, host } = url;
    const request = get({ path, headers: { host }, signal, createConnection: () => connection(url, material) });
    request.on('error', reject).on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
        if (body.length > bytesMax) request.destroy(new Error(`it answers with more than ${bytesMax} bytes`));
      });
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`HTTP status ${response.statusCode}`));
      });
    });
  });
}

/** Whoever has a certificate of the members' authority for that host may say who the members are, as in etcd. */
function connection({ href }: URL, material: TlsMaterial | undefined): Socket {
  const { secure, host, port } = parseAddress(new URL(href).origin);
  if (!secure || material === undefined) return connectPlain({ host, port });
  material.refresh();
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, secureContext: material.context, ALPNProtocols: ['http/1.1'], ...servername });
}

/** A cluster as one of its members describes it. */
export interface KnownCluster {
  readonly clusterId: ClusterId;
  readonly members: readonly Member[];
}

/** @throws ClusterError connection-failed */
export async function askForMembers(url: string, material: TlsMaterial | undefined): Promise<KnownCluster> {
  const answer = await ask(url, membersPath, material);
  const cluster = parsed(answer);
  if (cluster !== undefined && cluster.members.length > 0) return cluster;
  throw new ClusterError('connection-failed', `${url} does not say who the members are`, { url });
}

/** The members as the first of these knows them that answers, and is of that cluster; [] when none does. */
export async function askAnyForMembers(
  known: readonly Member[],
  clusterId: ClusterId,
  material: TlsMaterial | undefined,
): Promise<readonly Member[]> {
  for (const url of known.flatMap(({ peerUrls }) => peerUrls)) {
    const cluster = await askForMembers(url, material).catch(() => undefined);
    if (cluster?.clusterId === clusterId) return cluster.members;
  }
  return [];
}

/** @throws ClusterError connection-failed */
export async function askForLearner(
  url: string,
  id: MemberId,
  material: TlsMaterial | undefined,
): Promise<LearnerReadiness> {
  const answer = (await ask(url, learnerPath(id), material)) as { learner?: unknown } | null;
  const known: readonly unknown[] = ['ready', 'behind', 'unknown', 'not-leader'] satisfies LearnerReadiness[];
  const said = answer?.learner;
  if (known.includes(said)) return said as LearnerReadiness;
  throw new ClusterError('connection-failed', `${url} does not say how far the learner is`, { url });
}

function parsed(answer: unknown): KnownCluster | undefined {
  if (!isObject(answer) || !isId(answer.clusterId) || !Array.isArray(answer.members)) return undefined;
  const members = answer.members.map(memberOf).filter((member) => member !== undefined);
  if (members.length !== answer.members.length) return undefined;
  return { clusterId: clusterId(BigInt(`0x${answer.clusterId}`)), members };
}

function memberOf(row: unknown): Member | undefined {
  if (!isObject(row)) return undefined;
  const { id, name, peerUrls, clientUrls, isLearner } = row;
  if (!isId(id) || typeof name !== 'string' || typeof isLearner !== 'boolean') return undefined;
  if (!areTexts(peerUrls) || !areTexts(clientUrls)) return undefined;
  return { id: memberId(BigInt(`0x${id}`)), name, peerUrls, clientUrls, isLearner };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{1,16}$/.test(value);
const areTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
