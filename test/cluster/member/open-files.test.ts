import test from 'ava';
import { openFiles } from '../../../cluster/member/open-files.js';

test('clients are left the files that a member does not need, and few files are warned of', (t) => {
  t.deepEqual(openFiles(20_000), { connectionsMax: 19_744 });
  const { connectionsMax, warning } = openFiles(1024);
  t.is(connectionsMax, 768);
  t.regex(warning ?? '', /may open 1024 files, enough for 768 connections of clients: raise LimitNOFILE= of the unit/);
  t.is(openFiles(64).connectionsMax, 16);
  t.true(openFiles().connectionsMax > 0, 'as it is here');
});
