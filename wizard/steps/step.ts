import type { Artifact, AuthorityArtifact } from '../artifacts/artifact.js';

/** One thing that apply will do. */
export interface Step {
  /** `restrict`: only the permissions are wrong. `remove`: set aside, the plan has it no more. */
  readonly action: 'create' | 'replace' | 'renew' | 'restrict' | 'remove';
  readonly artifact: Artifact;
  /** For a person; empty for what is simply not there yet. */
  readonly because: string;
  /** Of files whose content follows from the plan: what makes the one that is there the one that is wanted. */
  readonly diff?: readonly string[];
}

function authorityTitle({ commonName, root }: AuthorityArtifact): string {
  if (root === undefined) return `the authority ${commonName}`;
  if (root === 'elsewhere') return `the key and the request of the authority ${commonName}`;
  return `the authority ${commonName}, and ${root.commonName} above it`;
}

export const titleOf = (artifact: Artifact): string => {
  switch (artifact.kind) {
    case 'folder':
      return `the folder ${artifact.path}`;
    case 'authority':
      return authorityTitle(artifact);
    case 'password':
      return `a password for ${artifact.user}`;
    case 'trust':
      return "a copy of the authority's certificate";
    case 'revocations':
      return 'a copy of the revocation list';
    case 'access':
      return 'the users and roles to begin with';
    case 'key-pair':
    case 'certificate':
    case 'file':
    case 'surplus':
      return artifact.title;
  }
};

/** `create  users/app/app.crt  the certificate of app` */
export function stepLine({ action, artifact, because }: Step, pathWidth: number): string {
  const reason = because === '' ? '' : ` (${because})`;
  return `${action.padEnd(8)} ${artifact.path.padEnd(pathWidth)}  ${titleOf(artifact)}${reason}`;
}
