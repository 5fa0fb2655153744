import { WizardError } from '../errors.js';
import { urlHost } from '../plan/address.js';
import { quoted } from '../shown.js';

/** A member as it is typed: name, address, ports. */
export interface MemberLine {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

const syntax =
  'a name, a space, an address, and the ports if they are not 2379,2380: m1 10.0.0.1 or m1 [::1]:2379,2380';

function refuse(text: string): never {
  throw new WizardError('answer-refused', `${quoted(text)} is no member`, { text }, { hint: syntax });
}

/**
 * `m1 10.0.0.1:2379,2380` · `m1 10.0.0.1:2379` (2380) · `m1 store.example.org` · `m1 2001:db8::1` · `m1 [2001:db8::1]:2379,2380`.
 * Only the form is checked here; the plan's own rules are for the values.
 *
 * @throws WizardError `answer-refused`
 */
export function parseMemberLine(text: string): MemberLine {
  const [name, address, ...more] = text.trim().split(/\s+/);
  if (name === undefined || address === undefined || more.length > 0) refuse(text);
  const bare = /^[^[\]]*:[^[\]]*:[^[\]]*$/.test(address);
  const match = bare ? undefined : /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,6})(?:,(\d{1,6}))?)?$/.exec(address);
  if (bare) return { name, host: address, clientPort: 2379, peerPort: 2380 };
  if (match === null || match === undefined) refuse(text);
  const [, bracketed, plain, client, peer] = match;
  const clientPort = Number(client ?? 2379);
  return { name, host: bracketed ?? plain ?? '', clientPort, peerPort: Number(peer ?? clientPort + 1) };
}

export const printMemberLine = ({ name, host, clientPort, peerPort }: MemberLine): string =>
  `${name} ${urlHost(host)}:${clientPort},${peerPort}`;
