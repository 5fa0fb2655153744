import { status as grpc } from '@grpc/grpc-js';
import test from 'ava';
import { ClusterError } from '../../../cluster/errors.js';
import { codeOfText, statusOf } from '../../../cluster/wire/status.js';

test("an error with a text of etcd's goes out with it, whatever its own message says", (t) => {
  const error = new ClusterError('compacted', 'revision 3 is below 7');
  t.deepEqual(statusOf(error), {
    code: grpc.OUT_OF_RANGE,
    text: 'etcdserver: mvcc: required revision has been compacted',
  });
});

test('an error that etcd has no text for goes out with its message', (t) => {
  t.deepEqual(statusOf(new ClusterError('unimplemented', 'alarms are not there yet')), {
    code: grpc.UNIMPLEMENTED,
    text: 'alarms are not there yet',
  });
});

test('what is no ClusterError is our bug, and its text stays inside', (t) => {
  t.deepEqual(statusOf(new Error('secret')), { code: grpc.INTERNAL, text: 'internal error' });
});

test("a server's text is found again, and only whole", (t) => {
  t.is(codeOfText('etcdserver: no leader'), 'no-leader');
  t.is(codeOfText('no leader'), undefined);
});
