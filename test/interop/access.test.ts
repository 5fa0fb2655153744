import { judge } from '../judges.js';
import { Comparison } from './comparison.js';

// Three members of each engine: users, roles, and what they may do.

const comparison = new Comparison(judge('etcd', 'etcdctl'), 3);

for (const story of ['members-of-three', 'permissions', 'sign-in', 'users-and-roles', 'maintenance', 'auth-off']) {
  comparison.story(story);
}
