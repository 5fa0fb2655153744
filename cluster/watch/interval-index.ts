// A tree of intervals of keys, in which those that hold a key are found without looking at the others. It is a treap:
// ordered by `from`, then `to`; a heap by random weights, which keep it shallow whatever order intervals come in; and
// each node knows the last end below it:
//
//                 [c, e) last k                 visit f: the right branch alone, since nothing on the left
//          [a, c) last d      [d, k) last k     ends after f
//       [a, b)     [b, d)

/** Ends after all keys: no byte as text reaches it. */
export const noEnd = '\uffff';

interface Node<Item> {
  readonly from: string;
  readonly to: string;
  readonly items: Set<Item>;
  readonly weight: number;
  last: string;
  left: Node<Item> | undefined;
  right: Node<Item> | undefined;
}

type Branch<Item> = Node<Item> | undefined;

/** What is watched by ranges: keys are text of which each character is a byte, as in `textOf`. */
export class IntervalIndex<Item> {
  #root: Branch<Item>;

  /** @param to exclusive; `noEnd`: to the last key */
  add(from: string, to: string, item: Item): void {
    this.#root = insert(this.#root, from, to, item);
  }

  delete(from: string, to: string, item: Item): void {
    this.#root = remove(this.#root, from, to, item);
  }

  /** Calls `each` with every item whose interval holds the key. The index must not change meanwhile. */
  visit(key: string, each: (item: Item) => void): void {
    visit(this.#root, key, each);
  }
}

const order = <Item>(node: Node<Item>, from: string, to: string): number =>
  from < node.from ? -1 : from > node.from ? 1 : to < node.to ? -1 : to > node.to ? 1 : 0;

function visit<Item>(node: Branch<Item>, key: string, each: (item: Item) => void): void {
  if (node === undefined || node.last <= key) return;
  visit(node.left, key, each);
  if (key < node.from) return;
  if (key < node.to) for (const item of node.items) each(item);
  visit(node.right, key, each);
}

function insert<Item>(node: Branch<Item>, from: string, to: string, item: Item): Node<Item> {
  if (node === undefined) {
    return { from, to, items: new Set([item]), weight: Math.random(), last: to, left: undefined, right: undefined };
  }
  const side = order(node, from, to);
  if (side === 0) {
    node.items.add(item);
    return node;
  }
  if (side < 0) {
    node.left = insert(node.left, from, to, item);
    return node.left.weight > node.weight ? rotateRight(node, node.left) : measured(node);
  }
  node.right = insert(node.right, from, to, item);
  return node.right.weight > node.weight ? rotateLeft(node, node.right) : measured(node);
}

function remove<Item>(node: Branch<Item>, from: string, to: string, item: Item): Branch<Item> {
  if (node === undefined) return undefined;
  const side = order(node, from, to);
  if (side < 0) node.left = remove(node.left, from, to, item);
  else if (side > 0) node.right = remove(node.right, from, to, item);
  else if (node.items.delete(item) && node.items.size === 0) return joined(node.left, node.right);
  return measured(node);
}

/** Both branches as one; everything in `left` comes before everything in `right`. */
function joined<Item>(left: Branch<Item>, right: Branch<Item>): Branch<Item> {
  if (left === undefined || right === undefined) return left ?? right;
  if (left.weight > right.weight) {
    left.right = joined(left.right, right);
    return measured(left);
  }
  right.left = joined(left, right.left);
  return measured(right);
}

function rotateRight<Item>(node: Node<Item>, left: Node<Item>): Node<Item> {
  node.left = left.right;
  left.right = measured(node);
  return measured(left);
}

function rotateLeft<Item>(node: Node<Item>, right: Node<Item>): Node<Item> {
  node.right = right.left;
  right.left = measured(node);
  return measured(right);
}

function measured<Item>(node: Node<Item>): Node<Item> {
  let { to: last } = node;
  if (node.left !== undefined && node.left.last > last) last = node.left.last;
  if (node.right !== undefined && node.right.last > last) last = node.right.last;
  node.last = last;
  return node;
}
