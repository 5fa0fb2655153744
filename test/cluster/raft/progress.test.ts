import test from 'ava';
import { index } from '../../../cluster/numbers.js';
import { Progress } from '../../../cluster/raft/progress.js';

const at = (progress: Progress) => [progress.state, Number(progress.match), Number(progress.next)];

test('a refusal moves a probe back once, however often it arrives', (t) => {
  const progress = new Progress(index(10), 4);
  t.true(progress.rejected(index(9), index(5)));
  t.deepEqual(at(progress), ['probe', 0, 6]);
  t.false(progress.rejected(index(9), index(3)));
  t.deepEqual(at(progress), ['probe', 0, 6]);
});

test('a refusal never moves back behind what is known to match', (t) => {
  const progress = new Progress(index(1), 4);
  progress.accepted(index(5), index(1));
  progress.appended(index(9), 0);
  t.false(progress.rejected(index(4), index(1)));
  t.deepEqual(at(progress), ['replicate', 5, 10]);
  t.true(progress.rejected(index(9), index(1)));
  t.deepEqual(at(progress), ['probe', 5, 6]);
});

test('late acknowledgements change nothing', (t) => {
  const progress = new Progress(index(1), 4);
  progress.accepted(index(5), index(1));
  progress.appended(index(9), 0);
  progress.accepted(index(3), index(1));
  t.deepEqual(at(progress), ['replicate', 5, 10]);
  t.is(progress.view().inFlight, 1);
});

test('a full window opens by one with a heartbeat round, for the case that all in it was lost', (t) => {
  const progress = new Progress(index(1), 2);
  progress.accepted(index(1), index(1));
  for (const last of [2, 3]) progress.appended(index(last), 0);
  t.false(progress.mayAppend);
  progress.answeredHeartbeat(index(3));
  t.true(progress.mayAppend);
});

test('a snapshot is over when the follower has what the log still holds, whoever gave it to it', (t) => {
  const progress = new Progress(index(1), 2);
  progress.snapshotStarted(index(100));
  progress.accepted(index(49), index(51));
  t.is(progress.state, 'snapshot');
  progress.accepted(index(50), index(51));
  t.deepEqual(at(progress), ['replicate', 50, 51]);
});
