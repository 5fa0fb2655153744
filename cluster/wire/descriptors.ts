import { descriptors } from './generated/descriptors.js';

// What the .proto files say of messages, for those who go by their fields' names: the JSON gateway. A member that has none
// of its requests never loads this.

export type ScalarName = 'bytes' | 'string' | 'bool' | 'int32' | 'uint32' | 'int64' | 'uint64';

export type FieldType =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'enum'; readonly numbers: Readonly<Record<string, number>> }
  /** Looked up when it is needed: a transaction holds transactions. */
  | { readonly kind: 'message'; readonly shape: () => MessageShape };

export interface Field {
  /** As in the .proto file. */
  readonly name: string;
  readonly id: number;
  readonly repeated: boolean;
  /** Of several of which one may be there. Then it is told apart from one that is absent, also with its default. */
  readonly oneof: string | undefined;
  readonly type: FieldType;
}

export interface MessageShape {
  /** In the order of the .proto file. */
  readonly fields: readonly Field[];
  readonly byId: ReadonlyMap<number, Field>;
  /** By the name in the .proto file, and by the camel-case one that protobuf's JSON takes too. */
  readonly byName: ReadonlyMap<string, Field>;
}

interface FieldEntry {
  readonly type: string;
  readonly id: number;
  readonly rule?: 'repeated';
}

/** A package, a service, a message or an enum. */
interface Entry {
  readonly nested?: Readonly<Record<string, Entry>>;
  readonly fields?: Readonly<Record<string, FieldEntry>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, { readonly requestType: string; readonly responseType: string }>>;
}

const scalars: ReadonlySet<string> = new Set(['bytes', 'string', 'bool', 'int32', 'uint32', 'int64', 'uint64']);
const isScalar = (name: string): name is ScalarName => scalars.has(name);

const shapes = new Map<string, MessageShape>();

function entryAt(path: readonly string[]): Entry | undefined {
  let entry: Entry | undefined = descriptors as Entry;
  for (const name of path) entry = entry?.nested?.[name];
  return entry;
}

/** A name is looked up where it stands, and then further out (protobuf's scoping). */
function resolve(scope: readonly string[], name: string): readonly string[] {
  for (let depth = scope.length; depth >= 0; depth--) {
    const path = [...scope.slice(0, depth), ...name.split('.')];
    if (entryAt(path) !== undefined) return path;
  }
  throw new Error(`the .proto files have no ${name} in ${scope.join('.')}`);
}

function typeOf(scope: readonly string[], name: string): FieldType {
  if (isScalar(name)) return { kind: 'scalar', name };
  const path = resolve(scope, name);
  const numbers = entryAt(path)?.values;
  return numbers === undefined ? { kind: 'message', shape: () => shapeAt(path) } : { kind: 'enum', numbers };
}

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

function shapeAt(path: readonly string[]): MessageShape {
  const key = path.join('.');
  const known = shapes.get(key);
  if (known !== undefined) return known;
  const { fields: entries = {}, oneofs = {} } = entryAt(path) ?? {};
  const choices = new Map(
    Object.entries(oneofs).flatMap(([choice, { oneof }]) => oneof.map((name) => [name, choice] as const)),
  );
  const fields = Object.entries(entries).map(([name, { id, rule, type }]) => ({
    ...{ name, id, repeated: rule === 'repeated', oneof: choices.get(name) },
    type: typeOf(path, type),
  }));
  const shape = {
    fields,
    byId: new Map(fields.map((field) => [field.id, field])),
    byName: new Map(fields.flatMap((field) => [field.name, camelCase(field.name)].map((name) => [name, field]))),
  };
  shapes.set(key, shape);
  return shape;
}

/** The messages of a method, by its gRPC path: `/etcdserverpb.KV/Range`. Undefined when it has none. */
export function messagesOf(
  path: string,
): { readonly request: MessageShape; readonly response: MessageShape } | undefined {
  const [, service = '', method = ''] = path.split('/');
  const scope = service.split('.');
  const { requestType, responseType } = entryAt(scope)?.methods?.[method] ?? {};
  if (requestType === undefined || responseType === undefined) return undefined;
  return { request: shapeAt(resolve(scope, requestType)), response: shapeAt(resolve(scope, responseType)) };
}
