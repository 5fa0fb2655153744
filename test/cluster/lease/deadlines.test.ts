import test from 'ava';
import fc from 'fast-check';
import { Deadlines } from '../../../cluster/lease/index.js';
import { type LeaseId, leaseId } from '../../../cluster/numbers.js';

const lease = (id: number, seconds: number, remainingSeconds = 0) => ({
  id: leaseId(BigInt(id)),
  seconds,
  remainingSeconds,
});
const id = (number: number): LeaseId => leaseId(BigInt(number));

/** With a clock that a test moves. */
function leading(...leases: readonly ReturnType<typeof lease>[]) {
  const time = { now: 1_000_000 };
  const deadlines = new Deadlines(() => time.now);
  deadlines.lead(leases, 0);
  const pass = (seconds: number) => {
    time.now += seconds * 1000;
    return deadlines.due(1000);
  };
  return { deadlines, pass };
}

const nothing = { expired: [], checkpoints: [] };

test('a lease expires when its time is over, once, and not before', (t) => {
  const { pass } = leading(lease(1, 5), lease(2, 3), lease(3, 8));
  t.deepEqual(pass(2.999), nothing);
  t.deepEqual(pass(0.001), { expired: [id(2)], checkpoints: [] });
  t.deepEqual(pass(2), { expired: [id(1)], checkpoints: [] });
  t.deepEqual(pass(1), nothing);
});

test('leases are put in the order in which they end, and a follower leaves them as they are', (t) => {
  const leases = [lease(1, 5), lease(2, 3), lease(3, 8), lease(4, 3)];
  const { deadlines, pass } = leading(...leases);
  const order = () => deadlines.inOrder(leases).map(({ id }) => Number(id));
  t.deepEqual(order(), [2, 4, 1, 3]);
  pass(2.5);
  deadlines.renew(id(2));
  t.deepEqual(order(), [4, 1, 2, 3]);
  deadlines.follow();
  t.deepEqual(order(), [1, 2, 3, 4]);
});

test('a lease that is kept alive begins anew', (t) => {
  const { deadlines, pass } = leading(lease(1, 5));
  pass(4);
  t.is(deadlines.renew(id(1)), 5);
  t.is(deadlines.remainingMs(id(1)), 5000);
  t.deepEqual(pass(4), nothing);
  t.deepEqual(pass(1), { expired: [id(1)], checkpoints: [] });
});

test('what could not be revoked expires again after a while, and what is gone does not', (t) => {
  const { deadlines, pass } = leading(lease(1, 5), lease(2, 5));
  t.deepEqual(pass(5).expired, [id(1), id(2)]);
  deadlines.postpone([id(1), id(2)], 1000);
  deadlines.revoked(id(2));
  t.deepEqual(pass(0.5), nothing);
  t.deepEqual(pass(0.5).expired, [id(1)]);
});

test('so many leases as are asked for expire at a time', (t) => {
  const { deadlines, pass } = leading(...Array.from({ length: 2500 }, (_, at) => lease(at + 1, 5)));
  t.deepEqual(
    [pass(6), deadlines.due(1000), deadlines.due(1000), deadlines.due(1000)].map(({ expired }) => expired.length),
    [1000, 1000, 500, 0],
  );
});

test('a new leader gives each lease what it has left, and the time of an election on top', (t) => {
  const { deadlines } = leading();
  deadlines.lead([lease(1, 5), lease(2, 1000, 700)], 1000);
  t.is(deadlines.remainingMs(id(1)), 6000);
  t.is(deadlines.remainingMs(id(2)), 701_000);
});

test('what is left of a long lease is noted every five minutes, but not of one that is kept alive before', (t) => {
  const { deadlines, pass } = leading(lease(1, 1000), lease(2, 1000), lease(3, 300));
  t.deepEqual(pass(299), nothing);
  deadlines.renew(id(2));
  t.deepEqual(pass(1), { expired: [id(3)], checkpoints: [{ id: id(1), seconds: 700 }] });
  t.deepEqual(pass(299), { expired: [], checkpoints: [{ id: id(2), seconds: 700 }] });
  t.deepEqual(pass(1), { expired: [], checkpoints: [{ id: id(1), seconds: 400 }] });
  t.deepEqual(pass(299), { expired: [], checkpoints: [{ id: id(2), seconds: 400 }] });
  t.deepEqual(pass(1), { expired: [], checkpoints: [{ id: id(1), seconds: 100 }] });
  t.deepEqual(pass(100).expired, [id(1)], 'less than five minutes are not noted');
});

test('a checkpoint is to be taken back before the lease is promised its whole time', (t) => {
  const { deadlines, pass } = leading(lease(1, 1000), lease(2, 1000, 700), lease(3, 1000));
  t.deepEqual(deadlines.takeCheckpointed([id(1), id(2), id(9)]), [id(2)], 'noted before this leader');
  pass(300);
  t.deepEqual(deadlines.takeCheckpointed([id(1)]), [id(1)], 'noted by this leader');
  t.deepEqual(deadlines.takeCheckpointed([id(1)]), []);
  deadlines.giveBackCheckpointed([id(1)]);
  t.deepEqual(deadlines.takeCheckpointed([id(1)]), [id(1)]);
});

test('a follower has no times', (t) => {
  const { deadlines, pass } = leading(lease(1, 5));
  deadlines.follow();
  deadlines.granted(lease(2, 5));
  t.is(deadlines.remainingMs(id(1)), undefined);
  t.is(deadlines.renew(id(2)), undefined);
  t.deepEqual(pass(10), nothing);
});

const step = fc.oneof(
  fc.tuple(fc.constant('grant' as const), fc.nat({ max: 9 }), fc.integer({ min: 1, max: 9 })),
  fc.tuple(fc.constant('renew' as const), fc.nat({ max: 9 }), fc.constant(0)),
  fc.tuple(fc.constant('revoke' as const), fc.nat({ max: 9 }), fc.constant(0)),
  fc.tuple(fc.constant('pass' as const), fc.constant(0), fc.nat({ max: 4 })),
);

test('whatever happens, exactly those expire whose time is over', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { deadlines, pass } = leading();
      const model = new Map<number, { readonly seconds: number; left: number }>();
      for (const [kind, which, amount] of steps) {
        const known = model.get(which);
        if (kind === 'grant' && known === undefined) {
          deadlines.granted(lease(which, amount));
          model.set(which, { seconds: amount, left: amount });
        } else if (kind === 'renew') {
          t.is(deadlines.renew(id(which)), known?.seconds);
          if (known) known.left = known.seconds;
        } else if (kind === 'revoke') {
          deadlines.revoked(id(which));
          model.delete(which);
        } else if (kind === 'pass') {
          for (const one of model.values()) one.left -= amount;
          const over = [...model].filter(([, { left }]) => left <= 0).map(([number]) => id(number));
          t.deepEqual([...pass(amount).expired].sort(), over.sort());
          for (const one of over) {
            deadlines.revoked(one);
            model.delete(Number(one));
          }
        }
      }
    }),
  );
});
