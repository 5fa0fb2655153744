import { type Complaint, orComplain } from './complaint.js';
import { type FlagName, flagNames, isFlagName } from './flags.js';
import { nearest } from './nearest.js';
import { successorOf } from './renamed-flags.js';

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

/** The texts of all flags that somebody wrote, under today's names. */
export class WrittenFlags {
  readonly #notes: Notes;
  readonly #flags = new Map<FlagName, Written>();
  readonly #asWritten = new Map<string, string>();

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  get(name: FlagName): Written | undefined {
    return this.#flags.get(name);
  }

  get names(): ReadonlySet<FlagName> {
    return new Set(this.#flags.keys());
  }

  /** The text given to a flag under this very name, an older one too. */
  textAs(name: string): string | undefined {
    return this.#asWritten.get(name);
  }

  /** Takes a flag under any name that etcd ever gave it. False: there is none of that name. */
  take(name: string, { text, source }: Written): boolean {
    this.#asWritten.set(name, text);
    if (isFlagName(name)) {
      this.#write(name, { text, source });
      return true;
    }
    const successor = successorOf(name);
    if (successor === undefined) return false;
    const today = orComplain(this.#notes.complaints, source, () => successor.textFor(text), undefined);
    const instead = today === undefined ? `--${successor.name}` : `--${successor.name}=${today}`;
    this.#notes.warnings.push(`${source} is deprecated, use ${instead}`);
    if (today !== undefined) this.#write(successor.name, { text: today, source });
    return true;
  }

  // The same flag again: the last one counts, as in Go. An older name beside today's: they had better agree.
  #write(name: FlagName, written: Written): void {
    const before = this.#flags.get(name);
    const isAnother = before !== undefined && before.source !== written.source;
    if (isAnother && name === 'feature-gates') {
      this.#flags.set(name, { text: `${before.text},${written.text}`, source: before.source });
      return;
    }
    if (isAnother && before.text !== written.text) {
      const message = `${before.source} and ${written.source} say different things of --${name}`;
      this.#notes.complaints.push({ flag: written.source, message, hint: `keep --${name} only` });
    }
    this.#flags.set(name, written);
  }
}

export function unknownFlag(name: string): Complaint {
  const meant = nearest(name, flagNames);
  const hint = meant === undefined ? 'see quorate serve --help' : `did you mean --${meant}?`;
  return { flag: name, message: `flag provided but not defined: --${name}`, hint };
}
