import { accessSync, constants, existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';

/** What this machine is, as far as it bears on the answers. */
export interface Observation {
  /** Its address for others, IPv4 before IPv6; undefined when it has none. */
  readonly address: string | undefined;
  readonly hasSystemd: boolean;
  readonly hasKubelet: boolean;
  readonly hasEtcd: boolean;
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function ownAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const others = all.filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:'));
  return (others.find(({ family }) => family === 'IPv4') ?? others[0])?.address;
}

/** Looks, and changes nothing. */
export const observeMachine = (): Observation => ({
  address: ownAddress(),
  hasSystemd: existsSync('/run/systemd/system'),
  hasKubelet: isOnPath('kubelet') || existsSync('/var/lib/kubelet/config.yaml'),
  hasEtcd: isOnPath('etcd'),
});
