// The plan file as plain values, every default filled in. shape.ts reads it, print.ts writes it.

export const engines = ['included', 'etcd'] as const;
export const runModes = ['local', 'systemd', 'static-pod'] as const;
export const keyTypes = ['ecdsa-p256', 'ecdsa-p384', 'ed25519', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;
/** Who signs: a root by itself; an intermediate below a root of ours; an intermediate whose root is kept elsewhere. */
export const authorities = ['root', 'intermediate', 'offline-root'] as const;
export const accesses = ['read', 'write', 'readwrite'] as const;

/** Of TLS 1.2, by the names of Go and IANA: with forward secrecy and an AEAD. Those of TLS 1.3 nobody chooses in Go. */
export const cipherSuites = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
] as const;

export type CipherSuite = (typeof cipherSuites)[number];
export type Engine = (typeof engines)[number];
export type RunMode = (typeof runModes)[number];
export type KeyType = (typeof keyTypes)[number];
export type AuthorityKind = (typeof authorities)[number];
export type Access = (typeof accesses)[number];

export interface Member {
  readonly name: string;
  /** An IP address without brackets, or a DNS name. */
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Further addresses and names that its certificates carry. */
  readonly addresses: readonly string[];
  /** Of its certificates, where it is not the plan's. */
  readonly keyType?: KeyType;
  /** It came to a cluster that was there already: it begins with what the others have. */
  readonly joins?: true;
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
  /** Of its certificate, where it is not the plan's. */
  readonly keyType?: KeyType;
  /** Its key was made where it is used, and never was here: only a request of it is. */
  readonly key?: 'elsewhere';
}

/** A kind of certificate of one's own, for `cert issue`. */
export interface PlanProfile {
  readonly name: string;
  readonly usages: readonly ('serverAuth' | 'clientAuth')[];
  /** The kinds of subject alternative names that it may carry. */
  readonly names: readonly ('dns' | 'ip' | 'email' | 'uri')[];
  readonly namesRequired: boolean;
  readonly commonName: 'required' | 'absent';
  readonly organization?: string;
  readonly keyType?: KeyType;
  readonly days: number;
  readonly daysMax: number;
}

export interface Plan {
  readonly version: 1;
  readonly cluster: {
    readonly name: string;
    readonly engine: Engine;
    readonly run: RunMode;
    /** The container image of static pods; the engine's own when absent. */
    readonly image?: string;
    /** For TLS 1.2; those that the engine prefers when absent. */
    readonly cipherSuites?: readonly CipherSuite[];
  };
  readonly members: readonly Member[];
  readonly pki: {
    readonly keyType: KeyType;
    readonly authority: AuthorityKind;
    readonly caDays: number;
    /**
     * Whether what signs may sign for members' names and addresses only; a list adds domains and networks. Made with the
     * authority, and not changed afterwards.
     */
    readonly nameConstraints?: boolean | readonly string[];
    /** Where the key of what signs is, or is to be made: on a token, by its URI (RFC 7512). */
    readonly key?: string;
    /** Of the authority below the root. */
    readonly intermediateDays?: number;
    readonly certDays: number;
    readonly profiles: readonly PlanProfile[];
  };
  readonly access: { readonly roles: readonly Role[]; readonly users: readonly User[] };
}

export const planVersion = 1;

/** The user and the role that may do everything; every cluster with auth has both. */
export const root = 'root';

export const defaultPki: Plan['pki'] = {
  keyType: 'ecdsa-p256',
  authority: 'root',
  caDays: 3650,
  certDays: 365,
  profiles: [],
};

export const defaultIntermediateDays = 1825;

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
