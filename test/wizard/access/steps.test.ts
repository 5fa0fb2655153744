import test from 'ava';
import fc from 'fast-check';
import { type Access, userRights } from '../../../wizard/access/access.js';
import { allows, bothOf, type Permission, sameRights } from '../../../wizard/access/rights.js';
import { type AccessStep, type Phase, stepsOf } from '../../../wizard/access/step.js';
import { accessPhases, wantedAccess } from '../../../wizard/access/steps.js';

const keys = ['a', 'b', 'c', 'd'];
const kind = fc.constantFrom('read', 'write', 'readwrite' as const);
const permission: fc.Arbitrary<Permission> = fc
  .tuple(kind, fc.nat(3), fc.option(fc.integer({ min: 1, max: 4 })))
  .map(([access, at, length]) => {
    const key = keys[at] ?? 'a';
    return { access, key, ...(length === null ? {} : { end: keys[at + length] ?? '\0' }) } as Permission;
  });
const range = ({ key, end }: Permission): string => `${key} ${end}`;
const permissions = fc.uniqueArray(permission, { maxLength: 4, selector: range });
const roles = ['r1', 'r2', 'r3'];
const access: fc.Arbitrary<Access> = fc
  .record({
    roles: fc.dictionary(fc.constantFrom(...roles), permissions, { noNullPrototype: true }),
    users: fc.dictionary(fc.constantFrom('ann', 'bob', 'cy'), fc.uniqueArray(fc.constantFrom(...roles, 'root')), {
      noNullPrototype: true,
    }),
  })
  .map(({ roles: some, users }) => {
    const known = new Set([...Object.keys(some), 'root']);
    return {
      roles: new Map([['root', []], ...Object.entries(some)]),
      users: new Map([
        ['root', ['root']],
        ...Object.entries(users).map(([name, held]) => [name, held.filter((role) => known.has(role))] as const),
      ]),
    };
  });

/** As etcd does it. */
function take(state: Access, step: AccessStep): Access {
  const [nextRoles, nextUsers] = [new Map(state.roles), new Map(state.users)];
  const held = 'user' in step ? (state.users.get(step.user) ?? []) : [];
  const granted = 'role' in step ? (state.roles.get(step.role) ?? []) : [];
  if (step.does === 'add-role') nextRoles.set(step.role, []);
  if (step.does === 'add-user') nextUsers.set(step.user, []);
  if (step.does === 'delete-user') nextUsers.delete(step.user);
  if (step.does === 'give-role') nextUsers.set(step.user, [...held, step.role]);
  if (step.does === 'take-role')
    nextUsers.set(
      step.user,
      held.filter((role) => role !== step.role),
    );
  if (step.does === 'grant' || step.does === 'revoke') {
    const others = granted.filter((permission_) => range(permission_) !== range(step.permission));
    nextRoles.set(step.role, step.does === 'grant' ? [...others, step.permission] : others);
  }
  if (step.does === 'delete-role') {
    nextRoles.delete(step.role);
    for (const [name, theirs] of nextUsers)
      nextUsers.set(
        name,
        theirs.filter((role) => role !== step.role),
      );
  }
  return { roles: nextRoles, users: nextUsers };
}

/** The steps in one of the orders in which they may be taken. */
function inSomeOrder(phases: readonly Phase[], choose: (below: number) => number): AccessStep[] {
  return phases.flatMap((phase) => {
    const left = phase.map((chain) => [...chain]);
    const order: AccessStep[] = [];
    while (left.length > 0) {
      const at = choose(left.length);
      order.push(...(left[at]?.splice(0, 1) ?? []));
      if (left[at]?.length === 0) left.splice(at, 1);
    }
    return order;
  });
}

const names = ['ann', 'bob', 'cy', 'root'];

test('whatever is declared is reached, and nobody ever may do what they may do neither before nor after', (t) => {
  fc.assert(
    fc.property(access, access, fc.boolean(), fc.infiniteStream(fc.nat(9)), (live, declared, prune, numbers) => {
      const wanted = wantedAccess(live, declared, prune);
      const allowed = names.map((name) => bothOf(userRights(live, name), userRights(wanted, name)));
      let state = live;
      for (const step of inSomeOrder(accessPhases(live, wanted), (below) => numbers.next().value % below)) {
        state = take(state, step);
        for (const [at, name] of names.entries()) {
          if (!allows(allowed[at] as never, userRights(state, name))) return false;
        }
      }
      const reached = names.every((name) => sameRights(userRights(state, name), userRights(wanted, name)));
      return reached && accessPhases(state, wantedAccess(state, declared, prune)).length === 0;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test('a role that keeps its members never loses what it is to keep', (t) => {
  fc.assert(
    fc.property(permissions, permissions, (has, wanted) => {
      const users = new Map([['ann', ['r1']]]);
      const live: Access = { roles: new Map([['r1', has]]), users };
      const goal: Access = { roles: new Map([['r1', wanted]]), users };
      let state = live;
      for (const step of stepsOf(accessPhases(live, goal))) {
        state = take(state, step);
        const now = userRights(state, 'ann');
        const lost = [userRights(live, 'ann'), userRights(goal, 'ann')];
        for (const key of keys) {
          for (const side of ['read', 'write'] as const) {
            const [was, will] = lost.map((rights) =>
              rights[side].some(({ from, to }) => from <= key && (to === undefined || key < to)),
            );
            const is = now[side].some(({ from, to }) => from <= key && (to === undefined || key < to));
            if (was && will && !is) return false;
          }
        }
      }
      return true;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});
