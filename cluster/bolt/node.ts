import { elementBytes, pageHeaderBytes, pageKinds, writePageHeader } from './format.js';

/** What a leaf holds: `flags` is 0 for a row, and `bucketFlag` for a bucket. */
export interface LeafElement {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly flags: number;
}

/** What a branch holds: a page below, and the first key there. */
export interface BranchElement {
  readonly key: Uint8Array;
  readonly page: number;
}

export const leafElementBytes = ({ key, value }: LeafElement): number => elementBytes + key.length + value.length;
export const branchElementBytes = ({ key }: BranchElement): number => elementBytes + key.length;

/** A page in as many bytes as it needs; `bytes` says how many, elements included. */
export function encodeLeaf(id: number, elements: readonly LeafElement[], bytes: number): Buffer {
  const page = emptyPage(id, pageKinds.leaf, elements.length, bytes);
  let [element, data] = [pageHeaderBytes, pageHeaderBytes + elementBytes * elements.length];
  for (const { key, value, flags } of elements) {
    page.writeUInt32LE(flags, element);
    page.writeUInt32LE(data - element, element + 4);
    page.writeUInt32LE(key.length, element + 8);
    page.writeUInt32LE(value.length, element + 12);
    page.set(key, data);
    page.set(value, data + key.length);
    element += elementBytes;
    data += key.length + value.length;
  }
  return page;
}

export function encodeBranch(id: number, elements: readonly BranchElement[], bytes: number): Buffer {
  const page = emptyPage(id, pageKinds.branch, elements.length, bytes);
  let [element, data] = [pageHeaderBytes, pageHeaderBytes + elementBytes * elements.length];
  for (const { key, page: below } of elements) {
    page.writeUInt32LE(data - element, element);
    page.writeUInt32LE(key.length, element + 4);
    page.writeBigUInt64LE(BigInt(below), element + 8);
    page.set(key, data);
    element += elementBytes;
    data += key.length;
  }
  return page;
}

/** The overflow is written when it is known where the page goes. */
function emptyPage(id: number, kind: number, count: number, bytes: number): Buffer {
  const page = Buffer.allocUnsafe(bytes);
  writePageHeader(page, { id, kind, count, overflow: 0 });
  return page;
}
