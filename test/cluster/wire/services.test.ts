import test from 'ava';
import * as services from '../../../cluster/wire/services.js';
import { etcd3Protos, methodsOf, ownProtos } from './protos.js';

const byPath = (one: { path: string }, other: { path: string }): number => (one.path < other.path ? -1 : 1);
const ours = Object.values(services)
  .flatMap((service) => Object.values(service))
  .map(({ path, requestStream, responseStream }) => ({ path, requestStream, responseStream }))
  .sort(byPath);

test('the service tables are what the descriptions say, method by method', (t) => {
  t.deepEqual(ours, methodsOf(ownProtos).sort(byPath));
});

test('every method that the npm client etcd3 knows is there, with its streams', (t) => {
  const known = new Map(ours.map((method) => [method.path, method]));
  for (const method of methodsOf(etcd3Protos)) t.deepEqual(known.get(method.path), method);
});
