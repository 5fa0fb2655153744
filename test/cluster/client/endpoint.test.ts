import test from 'ava';
import { parseEndpoint } from '../../../cluster/client/endpoint.js';
import { ClusterError } from '../../../cluster/errors.js';

const read: readonly (readonly [text: string, secure: boolean, host: string, port: number])[] = [
  ['https://10.0.0.1:2379', true, '10.0.0.1', 2379],
  ['http://localhost:22379', false, 'localhost', 22379],
  ['https://[::1]:2379', true, '::1', 2379],
  ['m1.example.org:4001', true, 'm1.example.org', 4001],
  ['https://m1.example.org', true, 'm1.example.org', 2379],
  ['https://m1.example.org:443', true, 'm1.example.org', 443],
  ['http://m1.example.org:80', false, 'm1.example.org', 80],
];

for (const [text, secure, host, port] of read) {
  test(`${text} is ${host} at ${port}, ${secure ? 'with' : 'without'} TLS`, (t) => {
    t.deepEqual(parseEndpoint(text, true), { text, secure, host, port });
  });
}

test('an endpoint without a scheme is as secure as the client', (t) => {
  t.false(parseEndpoint('127.0.0.1:2379', false).secure);
});

for (const text of ['', 'https://', 'ftp://a:1', 'https://a:1/path', 'https://u:p@a:1', 'a:b', 'a:99999', 'a b:1']) {
  test(`"${text}" is refused as an endpoint, with how to write one`, (t) => {
    const error = t.throws(() => parseEndpoint(text, true), { instanceOf: ClusterError });
    t.is(error?.code, 'invalid-argument');
    t.truthy(error?.hint);
  });
}
