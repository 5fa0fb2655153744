import { type Complaint, orComplain } from './complaint.js';
import { type FlagName, flagNames, isFlagName } from './flags.js';
import { nearest } from './nearest.js';
import { isExperimental, successorOf } from './renamed-flags.js';

/** What there is to say about the flags: what refuses them, and what doesn't. */
export interface Notes {
  readonly complaints: Complaint[];
  readonly warnings: string[];
}

/** What was written, not yet read: the text of a flag, and who wrote it for messages (`--name`, `ETCD_NAME`, `FILE:3: name`). */
export interface Written {
  readonly text: string;
  readonly source: string;
}

/** What somebody wrote under an older name, in the words of today's flag. */
interface WrittenOlder extends Written {
  readonly today: FlagName;
  /** As it was written. */
  readonly given: string;
}

/** The texts of all flags that somebody wrote, under today's names. */
export class WrittenFlags {
  readonly #notes: Notes;
  readonly #flags = new Map<FlagName, Written>();
  readonly #older = new Map<string, WrittenOlder>();
  readonly #asWritten = new Map<string, string>();

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  get(name: FlagName): Written | undefined {
    const older = this.#olderOf(name);
    const today = this.#flags.get(name);
    if (name !== 'feature-gates' || older[0] === undefined) return today ?? older.at(-1);
    // Of many gates each may have been opened by a flag of its own.
    const all = today === undefined ? older : [...older, today];
    return { text: all.map(({ text }) => text).join(','), source: older[0].source };
  }

  get names(): ReadonlySet<FlagName> {
    return new Set([...this.#flags.keys(), ...[...this.#older.values()].map(({ today }) => today)]);
  }

  /** The text given to a flag under this very name, an older one too. */
  textAs(name: string): string | undefined {
    return this.#asWritten.get(name);
  }

  /** Takes a flag under any name that etcd ever gave it; of one name the last counts, as in Go. False: there is none of that name. */
  take(name: string, { text, source }: Written): boolean {
    this.#asWritten.set(name, text);
    if (isFlagName(name)) {
      this.#flags.set(name, { text, source });
      return true;
    }
    const successor = successorOf(name);
    if (successor === undefined) return false;
    const today = orComplain(this.#notes.complaints, source, () => successor.textFor(text), undefined);
    const instead = today === undefined ? `--${successor.name}` : `--${successor.name}=${today}`;
    this.#notes.warnings.push(`${source} is deprecated, use ${instead}`);
    if (today === undefined) this.#older.delete(name);
    else this.#older.set(name, { today: successor.name, text: today, given: text, source });
    return true;
  }

  /** Once all are taken: complains of flags that were written under two names, and forgets the older one. */
  checkTwins(): void {
    for (const [name, older] of this.#older) {
      const complaint = complaintOfTwins(name, older, this.#twinOf(name, older));
      if (complaint === undefined) continue;
      this.#notes.complaints.push(complaint);
      this.#older.delete(name);
    }
  }

  #olderOf(name: FlagName): readonly WrittenOlder[] {
    return [...this.#older.values()].filter(({ today }) => today === name);
  }

  /** What else was written of the same: under today's name, or another older one. */
  #twinOf(name: string, { today }: WrittenOlder): Written | undefined {
    const others = [...this.#older].filter(([other, older]) => other !== name && older.today === today);
    return this.#flags.get(today) ?? (today === 'feature-gates' ? undefined : others[0]?.[1]);
  }
}

/** etcd refuses what it once called experimental beside what it is today, also where both say the same. */
function complaintOfTwins(name: string, older: WrittenOlder, twin: Written | undefined): Complaint | undefined {
  const { today, text, source } = older;
  if (twin === undefined) return undefined;
  if (today === 'feature-gates') return complaintOfGates(name, older, twin);
  if (isExperimental(name)) {
    const message = `cannot set --${name} and --${today} at the same time, please use --${today} only`;
    return { flag: source, message };
  }
  if (twin.text === text) return undefined;
  const message = `${source} and ${twin.source} say different things of --${today}`;
  return { flag: source, message, hint: `keep --${today} only` };
}

function complaintOfGates(name: string, { text, given, source }: WrittenOlder, twin: Written): Complaint | undefined {
  const gateOf = (setting: string): string | undefined => setting.split('=')[0]?.trim();
  const setting = twin.text.split(',').find((one) => gateOf(one) === gateOf(text));
  if (setting === undefined) return undefined;
  const today = `--feature-gates=${setting.trim()}`;
  const message = `cannot specify both flags: --${name}=${given} and ${today} at the same time, please just use ${today}`;
  return { flag: source, message };
}

export function unknownFlag(name: string): Complaint {
  const meant = nearest(name, flagNames);
  const hint = meant === undefined ? 'see quorate serve --help' : `did you mean --${meant}?`;
  return { flag: name, message: `flag provided but not defined: --${name}`, hint };
}
