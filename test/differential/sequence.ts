import { kvMethods } from '../../cluster/wire/services.js';
import type { Command } from './commands.js';
import { type Deviation, deviationOf } from './deviations.js';
import { relative } from './plain.js';
import type { Answer, Server } from './server.js';
import type { Both } from './servers.js';
import { text } from './text.js';

const everything = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };

/** So far back that no command reaches: revisions at and below 0 mean something else. */
const ageMin = 50;

/** Lets both stores get on in revisions. */
export async function age({ theirs, ours }: Both): Promise<void> {
  for (let n = 0; n < ageMin; n++) {
    await Promise.all([theirs, ours].map((server) => server.ask(kvMethods.put, { key: everything.key })));
  }
}

/** One server during a sequence: its revisions as of the sequence's beginning and of now. */
class Side {
  readonly server: Server;
  base = 0;
  latest = 0;

  constructor(server: Server) {
    this.server = server;
  }

  /** Empties the store, its history too, and counts revisions from there: what came before must not matter. */
  async begin(user?: string): Promise<void> {
    await this.server.ask(kvMethods.put, { key: everything.key }, user);
    const { header } = await this.server.ask(kvMethods.deleteRange, everything, user);
    this.base = this.latest = Number(header?.revision ?? 0);
    await this.server.ask(kvMethods.compact, { revision: this.base, physical: true }, user);
  }

  comparable(answer: Answer): unknown {
    if (!('answer' in answer)) return answer;
    const { header } = answer.answer as { header?: { revision?: number } };
    this.latest = Math.max(this.latest, header?.revision ?? 0);
    return relative(answer.answer, this.base);
  }
}

/** The same commands given to both engines, answer for answer. */
export class Sequence {
  readonly #theirs: Side;
  readonly #ours: Side;

  constructor({ theirs, ours }: Both) {
    this.#theirs = new Side(theirs);
    this.#ours = new Side(ours);
  }

  /** Theirs, ours. */
  get sides(): readonly [Side, Side] {
    return [this.#theirs, this.#ours];
  }

  async begin(user?: string): Promise<void> {
    await Promise.all([this.#theirs.begin(user), this.#ours.begin(user)]);
  }

  /** Throws when the answers differ and no deviation says that they may. */
  async step<Asked extends Command>(
    command: Asked,
    ask: (server: Server, command: Asked, latest: number) => Promise<Answer>,
  ) {
    const [theirs, ours] = await Promise.all(
      [this.#theirs, this.#ours].map(async (side) => side.comparable(await ask(side.server, command, side.latest))),
    );
    if (same(theirs, ours)) return;
    const deviation: Deviation | undefined = deviationOf(command, theirs, ours);
    if (deviation === undefined) throw new Error(difference(command, theirs, ours));
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const difference = (command: unknown, theirs: unknown, ours: unknown): string =>
  ['the answers differ', `command ${text(command)}`, `theirs  ${text(theirs)}`, `ours    ${text(ours)}`].join('\n');
