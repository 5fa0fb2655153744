import protobuf from 'protobufjs';
import { descriptors } from '../../cluster/wire/generated/descriptors.js';
import { methodsOf } from '../cluster/wire/protos.js';

/** With the names as they stand in the .proto files. */
const protos = protobuf.Root.fromJSON(descriptors);
protos.resolveAll();

/** A method of etcd's API, or one option of a method: a field of its request, at whatever depth. */
export interface Row {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** '' for the method itself; `compare.target` for what lies deeper. */
  readonly option: string;
}

/** All of the API, as the .proto files have it. */
export const rows: readonly Row[] = methodsOf(protos)
  .filter(({ path }) => !path.startsWith('/quorate.'))
  .flatMap(({ path }) => {
    const [, name = '', method = ''] = path.split('/');
    const service = protos.lookupService(name);
    const type = service.lookupType(service.methods[method]?.requestType ?? '');
    const row = { service: service.name, method, path };
    return [{ ...row, option: '' }, ...optionsOf(type, []).map((option) => ({ ...row, option }))];
  });

/** A type inside itself, as transactions are, is not gone into again. */
function optionsOf(type: protobuf.Type, outer: readonly protobuf.Type[]): string[] {
  return type.fieldsArray.flatMap((field) => {
    const { resolvedType, name } = field.resolve();
    const nested =
      resolvedType instanceof protobuf.Type && ![...outer, type].includes(resolvedType) ? resolvedType : undefined;
    const inner = nested === undefined ? [] : optionsOf(nested, [...outer, type]);
    return inner.length === 0 ? [name] : inner.map((option) => `${name}.${option}`);
  });
}
