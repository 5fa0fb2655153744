import test from 'ava';
import { SlowRequests } from '../../../cluster/api/slow-requests.js';
import { recordingLogger } from '../transport/eventually.js';

const limits = { readMs: 100, requestMs: 300 };

function noted(path: string, request: object, tookMs: number) {
  const logger = recordingLogger();
  new SlowRequests(logger, limits).note(path, '10.0.0.9:1', request, tookMs, [10, 20]);
  return logger.lines.map(({ level, message, fields }) => ({ level, message, ...fields }));
}

test('a slow read is told with what it asked for', (t) => {
  const request = { key: Buffer.from('a'), rangeEnd: Buffer.from('b'), limit: 7 };
  const [line, ...more] = noted('/etcdserverpb.KV/Range', request, 150.5);
  t.deepEqual(more, []);
  t.like(line, { level: 'warn', message: 'apply request took too long', took: '150.500ms', response: 'size:20' });
  t.regex(JSON.stringify(line), /"prefix":"read-only range "/);
  t.deepEqual(noted('/etcdserverpb.KV/Range', request, 99), []);
});

test('a slow call is told with sizes, and without values and passwords', (t) => {
  const put = { key: Buffer.from('k'), value: Buffer.from('my secret') };
  const [line] = noted('/etcdserverpb.KV/Put', put, 301);
  t.like(line, { message: 'request stats', remote: '10.0.0.9:1', 'request size': 10, 'response size': 20 });
  const user = { name: 'ann', password: 'my secret' };
  for (const [path, request] of [
    ['/etcdserverpb.KV/Put', put],
    ['/etcdserverpb.Auth/UserAdd', user],
    ['/etcdserverpb.Auth/Authenticate', user],
    ['/etcdserverpb.KV/Txn', { success: [{ requestPut: put }] }],
  ] as const) {
    const text = JSON.stringify(noted(path, request, 301));
    t.true(text.includes('request stats'), path);
    t.false(text.includes('my secret') || text.includes(Buffer.from('my secret').toString('base64')), text);
  }
});

test('who waits for somebody else is not slow', (t) => {
  for (const path of ['/v3lockpb.Lock/Lock', '/v3electionpb.Election/Campaign'])
    t.deepEqual(noted(path, { name: Buffer.from('l') }, 10_000), []);
});
