import { isIP } from 'node:net';
import { ClusterError } from '../errors.js';

/** Where something listens or is reached. `host` is bare: no brackets around an IPv6 address. */
export interface Address {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Normalised `scheme://host:port`; equal texts are equal addresses. */
  readonly text: string;
}

const refuse = (message: string, url: string, hint?: string): never => {
  throw new ClusterError('invalid-argument', message, { url }, hint === undefined ? {} : { hint });
};

/**
 * Reads a URL as etcd's flags have them: scheme, host and port, nothing else.
 * @throws ClusterError invalid-argument, in etcd's words where it has some.
 */
export function parseAddress(text: string): Address {
  const match = /^([a-z]+):\/\/(.*?)\/?$/i.exec(text.trim());
  const scheme = match?.[1]?.toLowerCase() ?? '';
  const authority = match?.[2] ?? '';
  if (scheme === 'unix' || scheme === 'unixs') refuse(`unix sockets are not served: ${text}`, text);
  if (scheme !== 'http' && scheme !== 'https') {
    return refuse(`URL scheme must be http or https: ${text}`, text, 'write it as https://HOST:PORT');
  }
  if (/[/?#@]/.test(authority)) refuse(`URL must not contain a path: ${text}`, text);
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):(\d+)$/i.exec(authority);
  if (parts === null) return refuse(`URL address does not have the form "host:port": ${text}`, text);
  return address(scheme === 'https', parts[1] ?? parts[2] ?? '', Number(parts[3]), text);
}

function address(secure: boolean, rawHost: string, port: number, text: string): Address {
  const host = rawHost.toLowerCase();
  const isName = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/.test(host);
  if (host === '') refuse(`unexpected empty host (${text})`, text);
  if (isIP(host) === 0 && (!isName || /^[0-9.]+$/.test(host))) refuse(`"${host}" is no host (${text})`, text);
  if (port > 65_535) refuse(`port ${port} is above 65535 (${text})`, text);
  return { secure, host, port, text: textOf(secure, host, port) };
}

const textOf = (secure: boolean, host: string, port: number) =>
  `${secure ? 'https' : 'http'}://${hostPort(host, port)}`;

/** The same place at another port: the one that the system chose. */
export const addressOn = ({ secure, host }: Address, port: number): Address => ({
  secure,
  host,
  port,
  text: textOf(secure, host, port),
});

/** `host:port` as URLs and connection strings have it, IPv6 in brackets. */
export const hostPort = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** 0.0.0.0 or [::]: fine to listen on, nowhere to go to. */
export const isUnspecified = (host: string): boolean => host === '0.0.0.0' || /^[0:]+$/.test(host);

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
