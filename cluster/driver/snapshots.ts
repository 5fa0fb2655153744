import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '../errors.js';
import type { Log } from '../log/log.js';
import { nodeDisk } from '../log/node-disk.js';
import { index, type MemberId, memberId, noMember, term } from '../numbers.js';
import type { HardState, SnapshotMark } from '../raft/types.js';
import type { PeerNetwork } from '../transport/network.js';
import type { StateMachine } from './machine.js';

const stateFile = (mark: SnapshotMark) => `received-${mark.index}.db`;
const receivedFile = /^received-(\d+)\.db$/;
const markFile = 'installing.json';

/**
 * Copies of the state on their way between members. Installing replaces two things, the state and the log, so the mark
 * is written down until both are done, and a member that was interrupted in between finishes when it starts:
 *
 *   keep      received-INDEX.db lies ready; raft decides whether it is wanted
 *   install   installing.json written; state <- received-INDEX.db; log <- mark; installing.json removed
 */
export class Snapshots {
  readonly #outgoing: string;
  readonly #incoming: string;
  readonly #machine: StateMachine;
  readonly #log: Log;
  #copies = 0;
  #underWay = 0;

  constructor(folder: string, machine: StateMachine, log: Log) {
    this.#outgoing = join(folder, 'outgoing');
    this.#incoming = join(folder, 'incoming');
    this.#machine = machine;
    this.#log = log;
  }

  /** Copies that are being made or sent. */
  get underWay(): number {
    return this.#underWay;
  }

  async send(to: MemberId, network: PeerNetwork): Promise<void> {
    this.#copies += 1;
    this.#underWay += 1;
    const file = join(this.#outgoing, `${this.#copies}.db`);
    try {
      await mkdir(this.#outgoing, { recursive: true, mode: 0o700 });
      const at = await this.#machine.copyTo(file);
      const atTerm = this.#log.term(at);
      if (atTerm === undefined)
        throw new ClusterError('snapshot-damaged', `the log no longer knows the term of entry ${at}`, { index: at });
      const membership = this.#machine.membershipAt(at);
      await network.sendSnapshot(to, { index: at, term: atTerm, membership }, file);
    } finally {
      this.#underWay -= 1;
      await rm(file, { force: true });
    }
  }

  /** Takes over a copy that has arrived whole. */
  async keep(mark: SnapshotMark, file: string): Promise<void> {
    await mkdir(this.#incoming, { recursive: true, mode: 0o700 });
    await rename(file, join(this.#incoming, stateFile(mark)));
  }

  async install(mark: SnapshotMark, hardState: HardState): Promise<void> {
    const intent = join(this.#incoming, markFile);
    await writeFile(`${intent}.new`, encodeMark(mark), { mode: 0o600, flush: true });
    await rename(`${intent}.new`, intent);
    await nodeDisk.syncFolder(this.#incoming);
    await nodeDisk.syncFolder(dirname(this.#incoming));
    await this.#machine.replaceBy(join(this.#incoming, stateFile(mark)), mark);
    await this.#log.reset(mark, hardState);
    await this.#forget(mark);
  }

  /** At start, before raft looks at the log. */
  async finishInterrupted(): Promise<void> {
    const mark = await this.#interrupted();
    if (mark !== undefined && this.#log.term(mark.index) !== mark.term) {
      const own = this.#log.hardState();
      const file = join(this.#incoming, stateFile(mark));
      if (this.#machine.appliedIndex < mark.index) await this.#machine.replaceBy(file, mark);
      const newer = mark.term > own.term;
      await this.#log.reset(mark, {
        term: newer ? mark.term : own.term,
        vote: newer ? noMember : own.vote,
        commit: mark.index,
      });
    }
    await rm(this.#incoming, { recursive: true, force: true });
    await rm(this.#outgoing, { recursive: true, force: true });
  }

  async #interrupted(): Promise<SnapshotMark | undefined> {
    try {
      return decodeMark(await readFile(join(this.#incoming, markFile), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The installation is over. Copies that raft did not want go with it; a later one may have arrived meanwhile. */
  async #forget(installed: SnapshotMark): Promise<void> {
    await rm(join(this.#incoming, markFile), { force: true });
    for (const name of await readdir(this.#incoming)) {
      const at = receivedFile.exec(name)?.[1];
      if (at !== undefined && Number(at) <= installed.index) await rm(join(this.#incoming, name), { force: true });
    }
  }
}

const encodeMark = (mark: SnapshotMark): string =>
  JSON.stringify({
    index: mark.index,
    term: mark.term,
    voters: mark.membership.voters.map(String),
    outgoing: mark.membership.outgoing.map(String),
    learners: mark.membership.learners.map(String),
  });

function decodeMark(text: string): SnapshotMark {
  const {
    index: at,
    term: atTerm,
    ...membership
  } = JSON.parse(text) as Record<string, number> & Record<'voters' | 'outgoing' | 'learners', string[]>;
  const ids = (texts: readonly string[]) => texts.map((id) => memberId(BigInt(id)));
  return {
    index: index(Number(at)),
    term: term(Number(atTerm)),
    membership: {
      voters: ids(membership.voters),
      outgoing: ids(membership.outgoing),
      learners: ids(membership.learners),
    },
  };
}
