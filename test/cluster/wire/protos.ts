import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const project = fileURLToPath(new URL('../../../../', import.meta.url));

function loaded(folder: string, files: readonly string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_, file) => join(folder, basename(file));
  root.loadSync([...files]).resolveAll();
  return root;
}

const ownFolder = join(project, 'cluster/wire');
export const ownProtos = loaded(
  ownFolder,
  readdirSync(ownFolder).filter((file) => file.endsWith('.proto')),
);

/** The descriptions that the npm client `etcd3` was made from: etcd 3.4's, written by others. */
export const etcd3Protos = loaded(join(project, 'node_modules/etcd3/proto'), ['rpc.proto']);

function* within<Kind>(space: protobuf.NamespaceBase, kind: abstract new (...args: never[]) => Kind): Generator<Kind> {
  for (const each of space.nestedArray) {
    if (each instanceof kind) yield each;
    if (each instanceof protobuf.Namespace) yield* within(each, kind);
  }
}

export const messagesOf = (root: protobuf.Root): protobuf.Type[] => [...within(root, protobuf.Type)];

/** "/package.Service/Method" with its streaming flags. */
export const methodsOf = (root: protobuf.Root) =>
  [...within(root, protobuf.Service)].flatMap((service) =>
    service.methodsArray.map((method) => ({
      path: `/${service.fullName.slice(1)}/${method.name}`,
      requestStream: method.requestStream ?? false,
      responseStream: method.responseStream ?? false,
    })),
  );
