// The plan file as plain values, every default filled in. shape.ts reads it, print.ts writes it.

export const engines = ['included', 'etcd'] as const;
export const runModes = ['local', 'systemd', 'static-pod'] as const;
export const keyTypes = ['ecdsa-p256', 'ecdsa-p384', 'ed25519', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;
export const accesses = ['read', 'write', 'readwrite'] as const;

export type Engine = (typeof engines)[number];
export type RunMode = (typeof runModes)[number];
export type KeyType = (typeof keyTypes)[number];
export type Access = (typeof accesses)[number];

export interface Member {
  readonly name: string;
  /** An IP address without brackets, or a DNS name. */
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Further addresses and names that its certificates carry. */
  readonly addresses: readonly string[];
}

/** The keys with a prefix, one key, or the keys from `key` up to but without `end`. */
export type PlanPermission =
  | { readonly access: Access; readonly prefix: string }
  | { readonly access: Access; readonly key: string; readonly end?: string };

export interface Role {
  readonly name: string;
  readonly permissions: readonly PlanPermission[];
}

export interface User {
  readonly name: string;
  readonly roles: readonly string[];
  /** May sign in with a password as well as with its certificate. */
  readonly password: boolean;
}

export interface Plan {
  readonly version: 1;
  readonly cluster: {
    readonly name: string;
    readonly engine: Engine;
    readonly run: RunMode;
    /** The container image of static pods; the engine's own when absent. */
    readonly image?: string;
  };
  readonly members: readonly Member[];
  readonly pki: { readonly keyType: KeyType; readonly caDays: number; readonly certDays: number };
  readonly access: { readonly roles: readonly Role[]; readonly users: readonly User[] };
}

export const planVersion = 1;

/** The user and the role that may do everything; every cluster with auth has both. */
export const root = 'root';

export const defaultPki: Plan['pki'] = { keyType: 'ecdsa-p256', caDays: 3650, certDays: 365 };

/** The plan's users with `root`, who is always there, first. */
export function usersOf(plan: Plan): readonly User[] {
  const declared = plan.access.users.find((user) => user.name === root);
  const others = plan.access.users.filter((user) => user.name !== root);
  return [declared ?? { name: root, roles: [root], password: false }, ...others];
}

/** Ports of the n-th member (from 0) when all run on one machine: 2379, 22379, 32379 … as etcd's own examples have them. */
export function localPorts(index: number): { readonly clientPort: number; readonly peerPort: number } {
  // 62379 is the last that fits below 65536; further members go on from 2389.
  const base = index === 0 ? 2379 : index <= 5 ? (index + 1) * 10_000 + 2379 : 2379 + (index - 5) * 10;
  return { clientPort: base, peerPort: base + 1 };
}

/** What Enter all the way through the wizard gives. */
export const defaultPlan: Plan = {
  version: planVersion,
  cluster: { name: 'demo', engine: 'included', run: 'local' },
  members: [0, 1, 2].map((index) => ({
    name: `m${index + 1}`,
    host: '127.0.0.1',
    ...localPorts(index),
    addresses: [],
  })),
  pki: defaultPki,
  access: {
    roles: [{ name: 'app-writer', permissions: [{ access: 'readwrite', prefix: '/app/' }] }],
    users: [{ name: 'app', roles: ['app-writer'], password: false }],
  },
};

/** Metrics and probes are served in plain HTTP on the host's own loopback, two ports above the clients' (2379 → 2381, as kubeadm has it). */
export const metricsPort = (member: Member): number => member.clientPort + 2;
