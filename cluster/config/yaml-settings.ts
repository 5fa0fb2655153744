import { basename } from 'node:path';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
} from 'yaml';
import type { Complaint } from './complaint.js';
import { flagNames, flags, isFlagName } from './flags.js';
import { nearest } from './nearest.js';
import { isSwitch, successorOf } from './renamed-flags.js';
import { type Section, sections, withoutMeaning } from './yaml-sections.js';

/** One setting of a config file. `flag` is the name of a flag, in any version of etcd. */
export interface FileSetting {
  readonly flag: string;
  readonly text: string;
  /** `etcd.conf.yml:12: heartbeat-interval`. */
  readonly source: string;
}

/** A `--config-file` as it was read. */
export interface ConfigFile {
  readonly path: string;
  readonly settings: readonly FileSetting[];
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly string[];
}

/**
 * Reads etcd's configuration file: a YAML map of flags, with TLS in sections of its own.
 *
 * etcd passes over keys that it doesn't know. Here they are warned of; inside a section, or when they hold one, they are
 * refused: a misspelt `client-cert-auth` would leave the door open.
 */
export function readYamlSettings(path: string, text: string): ConfigFile {
  const reading = new Reading(path, text);
  reading.read();
  return reading;
}

class Reading implements ConfigFile {
  readonly path: string;
  readonly settings: FileSetting[] = [];
  readonly complaints: Complaint[] = [];
  readonly warnings: string[] = [];
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(path: string, text: string) {
    this.path = path;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error' });
  }

  read(): void {
    for (const { message, pos } of this.#document.errors) this.#complain(pos[0], '', `is not YAML: ${message}`);
    if (this.complaints.length > 0) return;
    const root = this.#resolved(this.#document.contents);
    if (root === null || (isScalar(root) && root.value === null)) return;
    if (isMap(root)) for (const pair of root.items) this.#readTop(pair);
    else this.#complain(0, '', 'is not a map of settings');
  }

  #readTop({ key, value }: Pair): void {
    const { name, at } = keyOf(key);
    const node = this.#resolved(value);
    const section = Object.hasOwn(sections, name) ? sections[name] : undefined;
    if (section !== undefined) this.#readSection(name, section, node, at);
    else if (isFlagName(name) || successorOf(name) !== undefined) this.#set(name, name, node, at);
    else if (isMap(node)) this.#complain(at, name, 'is no section', meant(name, Object.keys(sections)));
    else
      this.warnings.push(
        `${this.#place(at)}: ${name} is no setting and is ignored, as by etcd${guess(name, flagNames)}`,
      );
  }

  #readSection(name: string, section: Section, node: unknown, at: number): void {
    if (isScalar(node) && node.value === null) return;
    if (!isMap(node)) {
      this.#complain(at, name, 'is not a map of settings');
      return;
    }
    for (const { key, value } of node.items) {
      const inner = keyOf(key);
      const flag = Object.hasOwn(section, inner.name) ? section[inner.name] : undefined;
      const path = `${name}.${inner.name}`;
      if (flag === undefined) this.#complain(inner.at, path, 'is no setting', meant(inner.name, Object.keys(section)));
      else if (flag !== withoutMeaning) this.#set(flag, path, this.#resolved(value), inner.at);
    }
  }

  #set(flag: string, name: string, node: unknown, at: number): void {
    const text = this.#textOf(flag, node);
    if (text === undefined) this.#complain(at, name, 'is neither a value nor a list of values');
    else if (text !== '') this.settings.push({ flag, text, source: `${this.#place(at)}: ${name}` });
  }

  #textOf(flag: string, node: unknown): string | undefined {
    if (isScalar(node)) return scalarText(flag, node);
    if (!isSeq(node)) return node === null ? '' : undefined;
    const texts = node.items.map((item) => {
      const resolved = this.#resolved(item);
      return isScalar(resolved) ? scalarText(flag, resolved) : undefined;
    });
    return texts.includes(undefined) ? undefined : texts.join(',');
  }

  #resolved(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #place(at: number): string {
    return `${basename(this.path)}:${Math.max(this.#lines.linePos(at).line, 1)}`;
  }

  #complain(at: number, name: string, what: string, hint?: string): void {
    const flag = name === '' ? this.#place(at) : `${this.#place(at)}: ${name}`;
    this.complaints.push({ flag, message: `${flag} ${what}`, ...(hint === undefined ? {} : { hint }) });
  }
}

function keyOf(key: unknown): { readonly name: string; readonly at: number } {
  return isScalar(key) ? { name: String(key.value), at: key.range?.[0] ?? 0 } : { name: '?', at: 0 };
}

/** As it was written, so that names like 0123 or 1e3 stay names. */
function scalarText(flag: string, { value, source }: Scalar): string {
  if (value === null) return '';
  const text = typeof value === 'string' ? value : (source ?? String(value));
  // etcd counts in nanoseconds here; Go's durations are taken too, which etcd's own file format can't.
  if (isFlagName(flag) && flags[flag].placeholder === 'DURATION' && /^\d+$/.test(text)) return `${text}ns`;
  // YAML 1.1, which etcd reads.
  if (isSwitch(flag) && /^(yes|on)$/i.test(text)) return 'true';
  return isSwitch(flag) && /^(no|off)$/i.test(text) ? 'false' : text;
}

function meant(name: string, names: readonly string[]): string | undefined {
  const other = nearest(name, names);
  return other === undefined ? `there are ${names.join(', ')}` : `did you mean ${other}?`;
}

function guess(name: string, names: readonly string[]): string {
  const other = nearest(name, names);
  return other === undefined ? '' : ` (did you mean ${other}?)`;
}
