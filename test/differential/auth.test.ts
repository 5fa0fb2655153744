import { judge } from '../judges.js';
import { askAuth, forgetAuth } from './auth.js';
import { authCommand, secured } from './auth-commands.js';
import { isAsked } from './not-asked.js';
import { checkSequences } from './property.js';
import { age, Sequence } from './sequence.js';
import { startBoth } from './servers.js';

// conformance: Auth.AuthEnable Auth.Authenticate{*} Auth.UserAdd{name password options} Auth.UserGet{*} Auth.UserList
// conformance: Auth.UserDelete{*} Auth.UserChangePassword{name password} Auth.UserGrantRole{*} Auth.UserRevokeRole{*}
// conformance: Auth.RoleAdd{*} Auth.RoleGet{*} Auth.RoleList Auth.RoleDelete{*} Auth.RoleGrantPermission{*}
// conformance: Auth.RoleRevokePermission{*}
judge('etcd').test(
  'random commands of users, and on users and roles, come to the same on ours and on etcd',
  async (t) => {
    const both = await startBoth(t);
    await age(both);
    await checkSequences(t, authCommand, async (commands) => {
      await Promise.all([forgetAuth(both.theirs), forgetAuth(both.ours)]);
      const sequence = new Sequence(both);
      await sequence.begin();
      for (const command of [...secured, ...commands].filter(isAsked)) await sequence.step(command, askAuth);
    });
  },
);
