import { changedTheStore, type History, type Operation, type SerializableRead } from './history.js';
import { isLinearizable } from './linearizability.js';

/** What is wrong with the history, in words; [] when nothing is. */
export function faultsOf(history: History): readonly string[] {
  return [...linearizabilityFaults(history), ...revisionFaults(history), ...serializableFaults(history)];
}

function linearizabilityFaults({ operations }: History): readonly string[] {
  const keys = [...new Set(operations.map(({ key }) => key))];
  const ofKey = (name: string) => operations.filter(({ key }) => key === name);
  return keys
    .filter((key) => !isLinearizable(ofKey(key)))
    .map((key) => `${key} is not linearizable:\n${text(ofKey(key))}`);
}

/** Acknowledged changes have revisions of their own, and an earlier one has a lower one. */
function revisionFaults({ operations }: History): readonly string[] {
  const changes = operations.filter(changedTheStore);
  const byRevision = [...changes].sort((a, b) => revisionOf(a) - revisionOf(b));
  const faults: string[] = [];
  let latestBegin = 0;
  byRevision.forEach((change, at) => {
    const before = byRevision[at - 1];
    if (before !== undefined && revisionOf(before) === revisionOf(change))
      faults.push(`two changes have one revision:\n${text([before, change])}`);
    if (change.ended < latestBegin) faults.push(`a change has a higher revision than a later one:\n${text([change])}`);
    latestBegin = Math.max(latestBegin, change.began);
  });
  return faults;
}

/** A serializable read shows what every change up to its revision made, and none after it. */
function serializableFaults({ operations, serializableReads }: History): readonly string[] {
  const changes = operations.filter(changedTheStore).sort((a, b) => revisionOf(a) - revisionOf(b));
  const deleted = new Set(operations.filter(isUnansweredDelete).map(({ key }) => key));
  return serializableReads.flatMap((read) => prefixFaults(read, changes, deleted));
}

function prefixFaults(
  read: SerializableRead,
  changes: readonly Operation[],
  mayBeDeleted: ReadonlySet<string>,
): string[] {
  const expected = new Map<string, Operation>();
  for (const change of changes) if (revisionOf(change) <= read.revision) expected.set(change.key, change);
  const wrong = (what: string) => `${read.member} at revision ${read.revision}: ${what}`;
  const faults: string[] = [];
  for (const { key, value, modRevision } of read.rows) {
    const latest = expected.get(key);
    expected.delete(key);
    if (modRevision > read.revision) faults.push(wrong(`${key} was changed at ${modRevision}`));
    if (latest === undefined || modRevision > revisionOf(latest)) continue; // by a change that was never acknowledged
    if (modRevision < revisionOf(latest) || writtenBy(latest) !== value)
      faults.push(wrong(`${key} has ${value} of ${modRevision}, without ${text([latest])}`));
  }
  for (const [key, latest] of expected) {
    if (writtenBy(latest) !== undefined && !mayBeDeleted.has(key))
      faults.push(wrong(`${key} is missing: ${text([latest])}`));
  }
  return faults;
}

const revisionOf = ({ answer }: Operation): number => answer?.revision ?? 0;
const writtenBy = ({ call }: Operation): string | undefined => ('value' in call ? call.value : undefined);
const isUnansweredDelete = ({ call, answer }: Operation): boolean => call.kind === 'delete' && answer === undefined;

const text = (operations: readonly Operation[]): string =>
  operations
    .map(({ key, call, began, ended, answer }) => {
      const { kind, ...rest } = call;
      return `  ${began}-${ended} ${kind} ${key} ${JSON.stringify(rest)} -> ${answer === undefined ? '?' : JSON.stringify(answer)}`;
    })
    .join('\n');
