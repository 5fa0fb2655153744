import type { Revision } from '../../cluster/numbers.js';

/** What clients do with one key. Values are never written twice. */
export type Call =
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'get' }
  | { readonly kind: 'delete' }
  /** Puts `value` if the key has the value `expected`; undefined: if there is no such key. */
  | { readonly kind: 'swap'; readonly expected: string | undefined; readonly value: string };

export interface Answer {
  /** Of a get, or of a swap that was refused: what the key has. */
  readonly value?: string | undefined;
  /** Of a delete or a swap: whether it changed anything. */
  readonly changed?: boolean;
  /** The store's, right after a write. */
  readonly revision?: Revision;
}

/** Moments as the schedule counts them: of two operations one was first when it ended in a moment before the other began. */
export interface Operation {
  readonly key: string;
  readonly call: Call;
  readonly began: number;
  readonly ended: number;
  /** Undefined: nobody knows whether, or when, it took effect. */
  readonly answer: Answer | undefined;
}

/** A read of everything as one member had it, however old. */
export interface SerializableRead {
  readonly member: string;
  readonly revision: Revision;
  readonly rows: readonly { readonly key: string; readonly value: string; readonly modRevision: Revision }[];
}

export class History {
  readonly operations: Operation[] = [];
  readonly serializableReads: SerializableRead[] = [];

  get acknowledged(): number {
    return this.operations.filter(({ answer }) => answer !== undefined).length;
  }
}

/** Whether the answer says that the store was changed. */
export const changedTheStore = ({ call, answer }: Operation): boolean =>
  answer !== undefined && (call.kind === 'put' || (call.kind !== 'get' && answer.changed === true));
