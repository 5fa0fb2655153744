import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { outstanding } from '../apply/apply.js';
import { startTimeOf } from '../apply/process-identity.js';
import { memberSettings, unitName } from '../artifacts/member-settings.js';
import { memberArtifacts } from '../artifacts/members.js';
import type { Plan } from '../plan/plan.js';
import { portObjection, probePort } from '../questions/ports.js';
import { pidOf } from '../run/pid-file.js';
import type { Step } from '../steps/step.js';
import { type Diagnosis, error, warning } from './diagnosis.js';

// The folder against its plan, and this machine.

/** Certificates and keys are looked at one by one, with more to say. */
const lookedAt: readonly Step['artifact']['kind'][] = ['authority', 'key-pair', 'certificate'];

export async function driftTroubles(plan: Plan, dir: string, flag: string, now: Date): Promise<Diagnosis[]> {
  const { steps } = await outstanding(plan, dir, now);
  return steps
    .filter(
      ({ artifact, action }) =>
        !lookedAt.includes(artifact.kind) || (artifact.kind === 'authority' && action === 'restrict'),
    )
    .map(({ action, artifact, because }) => {
      const where = join(dir, artifact.path);
      const code = action === 'restrict' ? 'mode-differs' : 'file-differs';
      const what = because === '' ? 'it is not there' : because;
      const found = warning(code, where, what, `quorate plan${flag} shows it, quorate apply${flag} mends it`);
      return action === 'remove' ? found : { ...found, mendedByApply: true as const };
    });
}

/** A member that does not run has its ports for itself. */
export async function portTroubles(plan: Plan, dir: string): Promise<Diagnosis[]> {
  if (plan.cluster.run !== 'local') return [];
  const looked = plan.members.map(async (member) => {
    if ((await pidOf(dir, member.name)) !== undefined) return [];
    const objection = await portObjection(member, probePort);
    return objection === undefined ? [] : [error('port-taken', member.name, objection.what, objection.hint)];
  });
  return (await Promise.all(looked)).flat();
}

const roomMin = 0.05;
const roomBytesMin = 512 * 1024 * 1024;

export async function roomTroubles(dir: string): Promise<Diagnosis[]> {
  const found = await statfs(dir).catch(() => undefined);
  if (found === undefined) return [];
  const left = found.bavail * found.bsize;
  if (left > roomBytesMin && found.bavail > roomMin * found.blocks) return [];
  return [warning('disk-low', dir, `${Math.round(left / 1024 / 1024)} MB are left on its disk`, 'make room there')];
}

/** The unit that this host has, if it is one of the plan's. */
export async function unitTroubles(plan: Plan, dir: string): Promise<Diagnosis[]> {
  if (plan.cluster.run !== 'systemd') return [];
  const installed = `/etc/systemd/system/${unitName(plan.cluster.engine)}.service`;
  const text = await readFile(installed, 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const units = plan.members.flatMap((member) =>
    memberArtifacts(plan, member, dir).flatMap((artifact) =>
      artifact.kind === 'file' && artifact.path.endsWith('.service') ? [artifact] : [],
    ),
  );
  const [unit] = units;
  if (unit === undefined || units.some(({ content }) => content === text)) return [];
  const next = `copy ${join(dir, unit.path)} there, then systemctl daemon-reload`;
  return [warning('unit-differs', installed, 'it is not the unit that the plan makes', next)];
}

/** etcd reads its authority when it starts, and never again (etcd#11555). */
export async function authorityTroubles(plan: Plan, dir: string): Promise<Diagnosis[]> {
  if (plan.cluster.engine !== 'etcd') return [];
  const looked = plan.members.map(async (member) => {
    const pid = await pidOf(dir, member.name);
    const started = pid === undefined ? undefined : startTimeOf(pid);
    const path = memberSettings(plan, member, dir).ETCD_TRUSTED_CA_FILE ?? '';
    const changed = (await stat(path).catch(() => undefined))?.mtime;
    if (started === undefined || changed === undefined || changed <= started) return [];
    const next = 'quorate down, then quorate up; or one member after another';
    return [warning('authority-unread', member.name, `it was started before ${path} was changed`, next)];
  });
  return (await Promise.all(looked)).flat();
}
