import { Client, credentials } from '@grpc/grpc-js';
import test from 'ava';
import fc from 'fast-check';
import type { Type } from 'protobufjs';
import {
  authMethods,
  clusterMethods,
  healthMethods,
  kvMethods,
  maintenanceMethods,
} from '../../../cluster/wire/services.js';
import { messagesOf, ownProtos } from '../wire/protos.js';
import { samplesOf } from '../wire/samples.js';
import { startMember } from './member.js';

const methods = [kvMethods, authMethods, clusterMethods, maintenanceMethods].flatMap((service) =>
  Object.values(service),
);
const unary = methods.filter(({ responseStream }) => !responseStream).map(({ path }) => path);

/** Whole messages of all kinds, so that any method gets any of them. */
const encoded = messagesOf(ownProtos)
  .filter((type: Type) => type.name.endsWith('Request'))
  .flatMap((type) => samplesOf(type).map((sample) => type.encode(sample).finish()));

/** Whole, with bytes changed, cut off, or made up. */
const hostileBytes = fc.oneof(
  fc.constantFrom(...encoded),
  fc.tuple(fc.constantFrom(...encoded), fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    const changed = Uint8Array.from(bytes);
    if (changed.length > 0) changed[at % changed.length] = value;
    return changed;
  }),
  fc.tuple(fc.constantFrom(...encoded), fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1))),
  fc.uint8Array({ maxLength: 40 }),
);

test('whatever bytes come as a request, the answer is a status and never an error of our own', async (t) => {
  const member = await startMember(t);
  const client = new Client(member.endpoint.replace('http://', ''), credentials.createInsecure());
  t.teardown(() => client.close());
  const ask = (path: string, bytes: Uint8Array): Promise<string> =>
    new Promise((resolve) => {
      const asIs = (value: Buffer): Buffer => value;
      client.makeUnaryRequest(path, asIs, asIs, Buffer.from(bytes), (error) => resolve(error?.details ?? 'OK'));
    });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...unary), hostileBytes, async (path, bytes) => {
      t.not(await ask(path, bytes), 'internal error', `${path} ${Buffer.from(bytes).toString('hex')}`);
    }),
    { seed: 1, numRuns: 2000 },
  );
  t.is(await ask(healthMethods.check.path, Buffer.of()), 'OK');
});
