import { parsePlan } from '../../wizard/plan/parse.js';
import type { Engine, Plan, RunMode } from '../../wizard/plan/plan.js';
import { localPorts } from '../../wizard/plan/plan.js';

/** Plans of every kind, with users and permissions of every kind. */
export function samplePlan(engine: Engine, run: RunMode, count: number): Plan {
  const members = Array.from({ length: count }, (_, index) =>
    run === 'local'
      ? { name: `m${index + 1}`, host: count === 1 ? '::1' : '127.0.0.1', ...localPorts(index) }
      : {
          name: `m${index + 1}`,
          host: index === 4 ? 'm5.example.org' : index === 3 ? '2001:db8::14' : `10.0.0.1${index + 1}`,
        },
  );
  const access = {
    roles: [
      {
        name: 'app-writer',
        permissions: [
          { access: 'readwrite', prefix: '/app/' },
          { access: 'read', key: '/config/version' },
          { access: 'write', key: 'a', end: 'b' },
        ],
      },
      {
        name: 'odd',
        permissions: [
          { access: 'read', prefix: '\u007f' },
          { access: 'write', key: '~', end: '\0' },
        ],
      },
    ],
    users: [
      { name: 'app', roles: ['app-writer'] },
      { name: 'odd', roles: ['odd'] },
      { name: 'backup', roles: ['root'], password: true },
    ],
  };
  return parsePlan({ version: 1, cluster: { name: 'demo', engine, run }, members, access }, 'a sample').plan;
}
