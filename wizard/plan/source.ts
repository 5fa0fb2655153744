import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Complaint, Finding, PlanPath } from './complaints.js';

/** A plan as it was read: an untyped value, what the YAML itself got wrong, and the places of things. */
export interface PlanSource {
  readonly file: string;
  readonly value: unknown;
  readonly broken: readonly Complaint[];
  /** The finding with line and column. */
  located(finding: Finding): Complaint;
}

// Enough for anchors written by hand, too few for an expansion attack.
export const aliasesMax = 64;

const resolved = (node: unknown, document: Document): unknown => (isAlias(node) ? node.resolve(document) : node);

/** The node to point at for one step further down: a field's name, or a list's entry. */
function stepDown(node: unknown, step: string | number): { readonly mark: Node; readonly next: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
    return pair !== undefined && isNode(pair.key) ? { mark: pair.key, next: pair.value } : undefined;
  }
  const item = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined;
  return isNode(item) ? { mark: item, next: item } : undefined;
}

/** The offset of what a path names, or of the nearest thing around it that exists. */
function offsetOf(document: Document, path: PlanPath): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    const found = stepDown(resolved(node, document), step);
    if (found === undefined) break;
    offset = found.mark.range?.[0] ?? offset;
    node = found.next;
  }
  return offset;
}

/** Reads YAML (and so JSON). Never throws: what is wrong with the text is in `broken`. */
export function readSource(text: string, file: string): PlanSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const located = (finding: Finding): Complaint => ({ ...finding, file, ...at(offsetOf(document, finding.path)) });
  const broken = document.errors.map(({ message, pos }): Complaint => {
    const what = `is not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
    return { path: [], what, severity: 'error', file, ...at(pos[0]) };
  });
  if (broken.length > 0) return { file, value: undefined, broken, located };
  try {
    return { file, value: document.toJS({ maxAliasCount: aliasesMax }), broken, located };
  } catch (error) {
    const what = `is not YAML that can be used: ${error instanceof Error ? error.message : String(error)}`;
    return { file, value: undefined, broken: [located({ path: [], what, severity: 'error' })], located };
  }
}

/** A value that did not come from text: findings have a path but no line. */
export const valueSource = (value: unknown, name: string): PlanSource => ({
  file: name,
  value,
  broken: [],
  located: (finding) => ({ ...finding, file: name }),
});
