import { alarmText } from '../../alarms/alarms.js';
import { noMember, revision } from '../../numbers.js';
import type { Range } from '../../operations/kv.js';
import { statusOf } from '../../wire/status.js';
import type { ApiState } from '../state.js';
import { type Answer, methodNotAllowed, type PageRequest, plainError } from './page.js';

// Whether this member is up, and whether clients can be sent to it: /health as etcd has had it since its beginning, /livez
// and /readyz as since 3.5.11, with their texts.

type Check = (state: ApiState) => Promise<void> | void;

/** What a check itself has to say, as against an error that a read ran into. */
class CheckFailure extends Error {}

/** Any read, of no more than one key's name. */
export const anyRead: Range = {
  kind: 'range',
  key: Uint8Array.of(0),
  limit: 1,
  revision: revision(0),
  order: 'none',
  target: 'key',
  serializable: true,
  keysOnly: true,
  countOnly: false,
  minModRevision: revision(0),
  maxModRevision: revision(0),
  minCreateRevision: revision(0),
  maxCreateRevision: revision(0),
};

/** etcd's probes wait that long by default. */
const readTimeoutMs = 5000;

const serializableRead: Check = ({ kv }) => void kv.range(anyRead);

async function linearizableRead({ consensus, kv }: ApiState): Promise<void> {
  await consensus.linearize(AbortSignal.timeout(readTimeoutMs));
  kv.range(anyRead);
}

function dataCorruption({ alarms }: ApiState): void {
  if (alarms.isRaised('corrupt')) throw new CheckFailure('alarm activated: CORRUPT');
}

function nonLearner({ consensus, members }: ApiState): void {
  if (members.member(consensus.status().memberId)?.isLearner) throw new CheckFailure('not supported for learner');
}

/** In the order in which they are reported. */
const checks: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  '/livez': { serializable_read: serializableRead },
  '/readyz': {
    data_corruption: dataCorruption,
    serializable_read: serializableRead,
    linearizable_read: linearizableRead,
    non_learner: nonLearner,
  },
};

export type Page = (state: ApiState, url: URL, request: PageRequest) => Answer | Promise<Answer>;

/** HEAD is refused too, as in etcd. */
export const getOnly =
  (page: Page): Page =>
  (state, url, request) =>
    request.method === 'GET' ? page(state, url, request) : methodNotAllowed('GET');

const text = 'text/plain; charset=utf-8';

/** Why the read did not come through, in the words that clients of the API would have heard. */
const reasonOf = (error: unknown): string => (error instanceof CheckFailure ? error.message : statusOf(error).text);

async function runChecks(state: ApiState, type: string, names: readonly string[], of: Readonly<Record<string, Check>>) {
  let failed = false;
  const lines: string[] = [];
  for (const name of names) {
    try {
      await of[name]?.(state);
      state.measures.checked(`${type}/${name}`, true);
      lines.push(`[+]${name} ok\n`);
    } catch (error) {
      failed = true;
      state.measures.checked(`${type}/${name}`, false);
      lines.push(`[-]${name} failed: ${reasonOf(error)}\n`);
    }
  }
  return { failed, report: lines.join('') };
}

/** `?exclude=NAME` leaves checks out, `?verbose` says how each came out; one that fails is named in any case. */
const checkPage =
  (root: string, of: Readonly<Record<string, Check>>, all: readonly string[], excludable: boolean): Page =>
  async (state, { searchParams }) => {
    const excluded = excludable ? searchParams.getAll('exclude') : [];
    const { failed, report } = await runChecks(
      state,
      root.slice(1),
      all.filter((name) => !excluded.includes(name)),
      of,
    );
    if (failed) return plainError(503, report);
    const headers = { 'x-content-type-options': 'nosniff' };
    return { status: 200, type: text, body: `${searchParams.has('verbose') ? report : ''}ok\n`, headers };
  };

const healthy: Answer = { status: 200, type: text, body: JSON.stringify({ health: 'true', reason: '' }) };
const unhealthy = (reason: string): Answer => plainError(503, JSON.stringify({ health: 'false', reason }));

/**
 * Whether no alarm is raised but those of `?exclude=NAME`, and a read that every member agrees on goes through; `?serializable=true`:
 * whether this member is up.
 */
const health: Page = async (state, url) => {
  const answer = await healthOf(state, url);
  if (answer.status === 200) state.measures.healthSuccesses += 1;
  else state.measures.healthFailures += 1;
  return answer;
};

async function healthOf(state: ApiState, { searchParams }: URL): Promise<Answer> {
  const serializable = searchParams.get('serializable') === 'true';
  const excluded = searchParams.getAll('exclude');
  const alarm = state.alarms.list().find((each) => !excluded.includes(alarmText(each.alarm)));
  if (alarm !== undefined) return unhealthy(`ALARM ${alarmText(alarm.alarm)}`);
  if (!serializable && state.consensus.status().leader === noMember) return unhealthy('RAFT NO LEADER');
  try {
    await (serializable ? serializableRead : linearizableRead)(state);
    return healthy;
  } catch (error) {
    return unhealthy(`RANGE ERROR:${statusOf(error).text}`);
  }
}

/** By path. */
export const probePages: ReadonlyMap<string, Page> = new Map([
  ['/health', getOnly(health)],
  ...Object.entries(checks).flatMap(([root, of]): [string, Page][] => [
    [root, getOnly(checkPage(root, of, Object.keys(of), true))],
    ...Object.keys(of).map((name): [string, Page] => [`${root}/${name}`, getOnly(checkPage(root, of, [name], false))]),
  ]),
]);
